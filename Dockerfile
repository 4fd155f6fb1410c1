# syntax=docker/dockerfile:1
# The bot without its demo, run by a user without rights. Configuration is mounted
# at /etc/provision-bot/provision-bot.toml; tokens and keys are environment variables.

# The version of rust-toolchain.toml; .ci/run compares them.
ARG RUST_VERSION=1.95.0

FROM rust:${RUST_VERSION}-slim-trixie AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY manifests manifests
COPY blocks blocks
COPY crates crates
COPY src src
# The caches survive between builds; what is built is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release -p provision-bot --no-default-features --features cloudformation --locked \
    && cp target/release/provision-bot /usr/local/bin/provision-bot

FROM debian:trixie-slim
LABEL org.opencontainers.image.title="provision-bot" \
      org.opencontainers.image.description="A Slack app that lets teams ask for cloud resources and the right person say yes in one click" \
      org.opencontainers.image.licenses="Apache-2.0"
# The newest certificates are wanted, whatever their version.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-log-init --create-home bot
COPY --from=build /usr/local/bin/provision-bot /usr/local/bin/provision-bot
USER 10001:10001
WORKDIR /home/bot
# In a container the port is published, so it serves on every address.
ENV PROVISION_BOT_LISTEN=0.0.0.0:3000 \
    PROVISION_BOT_CONFIG=/etc/provision-bot/provision-bot.toml
EXPOSE 3000
# Bash speaks HTTP well enough to need no other program in the image.
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${PROVISION_BOT_LISTEN##*:} && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && read -r -t 2 line <&3 && [[ $line == *' 200 '* ]]"]
ENTRYPOINT ["provision-bot"]
CMD ["run"]
