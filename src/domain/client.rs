//! Programs that ask, read and sign with a token of their own. A client is never a
//! person: in a request it stands as `client:<id>`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

/// What a client is called where a person's ID could stand.
const PREFIX: &str = "client:";

/// A program that may do something for some teams.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub id: String,
    pub proof: Proof,
    /// At least one.
    pub may: BTreeSet<Right>,
    /// The teams it is a member of, at least one.
    pub teams: BTreeSet<String>,
    /// The person who is written to about what it asks for, and owns it.
    pub owner: Option<String>,
    /// Where its requests are told; without one, in a message to the owner.
    pub channel: Option<String>,
}

/// What a client may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Make requests, and withdraw and read its own.
    Ask,
    /// Read all of its teams.
    Read,
    /// Sign, reject and choose, where it is named to.
    Decide,
    /// What is done with what was built.
    Lease,
}

/// By what a client is known.
#[derive(Clone, PartialEq, Eq)]
pub enum Proof {
    /// The SHA-256 of its token.
    Token([u8; 32]),
    /// A token that this issuer signed.
    Oidc(Oidc),
}

/// What has to stand in a token of OpenID Connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oidc {
    /// Exactly as `iss` has it.
    pub issuer: String,
    pub audience: String,
    /// Each has to be equal, or in a list; at least one.
    pub claims: BTreeMap<String, Value>,
}

impl Client {
    /// What it is called in a request.
    pub fn name(&self) -> String {
        name(&self.id)
    }

    /// Whether it may do this.
    pub fn has(&self, right: Right) -> bool {
        self.may.contains(&right)
    }

    /// The channel or person to whom its requests are told.
    pub fn channel(&self) -> Option<&str> {
        self.channel.as_deref().or(self.owner.as_deref())
    }
}

impl Right {
    /// All of them, in the order they are explained.
    pub const ALL: [Self; 4] = [Self::Ask, Self::Read, Self::Decide, Self::Lease];

    /// As the configuration has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Read => "read",
            Self::Decide => "decide",
            Self::Lease => "lease",
        }
    }
}

/// What the client with this ID is called in a request.
pub fn name(id: &str) -> String {
    format!("{PREFIX}{id}")
}

/// The ID of the client that is called so; `None`: it is none.
pub fn id(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)
}

/// A digest of a secret is nobody's business either.
impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => f.write_str("Token"),
            Self::Oidc(oidc) => oidc.fmt(f),
        }
    }
}
