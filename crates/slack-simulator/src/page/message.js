// One message: who, when, its blocks, and the way into its thread.
import { html, classes, useLayoutEffect, useRef, useState } from "/sim/html.js";
import { mrkdwn } from "/sim/mrkdwn.js";
import { act, nameOf, store } from "/sim/store.js";
import { Blocks } from "/sim/blocks.js";
import { mistake, sent, verb } from "/sim/fields.js";

/** A square with the initial of a person, in a colour of their own. */
export function Avatar({ id }) {
  if (id === store.state.bot) return html`<span class="avatar bot" aria-hidden="true">pb</span>`;
  const hue = [...id].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
  return html`<span class="avatar" aria-hidden="true" style=${`--hue: ${hue}`}>${nameOf(id)[0]}</span>`;
}

export const timeOf = (ts) => new Date(Number(ts.split(".")[0]) * 1000);
const clock = (when) => when.toLocaleTimeString([], { timeStyle: "short" });

export function Message({ user, message, replies = [], openThread }) {
  const { channel, ts } = message;
  const node = useRef();
  // What had the focus may be gone after an edit: then the message gets it.
  const hadFocus = node.current?.contains(document.activeElement);
  useLayoutEffect(() => {
    if (hadFocus && document.activeElement === document.body) node.current.focus();
  });
  const [errors, setErrors] = useState({});
  const sending = useRef(Promise.resolve());
  const on = (what, e, more = {}) => act(user, { do: what, channel, ts, action_id: e.action_id, ...more });
  // One after the other: a button is told of what was typed before it was pressed.
  const after = (what, e, more) => {
    sending.current = sending.current.then(() => on(what, e, more));
    return sending.current;
  };
  const surface = {
    id: ts.replace(".", "-"), values: message.values, errors, edition: message.edits,
    button: (e) => after("click", e),
    change: (e, value, b) => {
      const wrong = mistake(e, value);
      setErrors((before) => ({ ...before, [b.block_id]: wrong }));
      const what = { fill: "message_fill", check: "message_check", choose: "select" }[verb(e)];
      return after(what, e, sent(wrong && e.type === "number_input" ? "" : value));
    },
    options: async (e, typed) => (await on("message_options", e, { typed })).options ?? [],
  };
  const when = timeOf(ts);
  const isBot = message.user === store.state.bot;
  const last = replies.at(-1);
  return html`
    <article ref=${node} tabindex="-1" class=${classes("message", message.is_ephemeral && "ephemeral")} data-ts=${ts}>
      <${Avatar} id=${message.user} />
      <div class="content">
        ${message.is_ephemeral && html`<p class="quiet">Only visible to you</p>`}
        <p class="byline">
          <strong>${nameOf(message.user)}</strong>
          ${isBot && html`<span class="app">APP</span>`}
          <time class="quiet" datetime=${when.toISOString()}>${clock(when)}</time>
          ${message.is_edited && html`<span class="quiet">(edited)</span>`}
        </p>
        ${message.blocks.length
          ? html`<${Blocks} blocks=${message.blocks} surface=${surface} />`
          : html`<div class="block">${mrkdwn(message.text)}</div>`}
        ${openThread && !message.is_ephemeral && !message.is_tombstone && html`
          <button type="button" class=${classes("replies", !last && "none")} onClick=${() => openThread(ts)}>
            ${last ? html`${replies.length} ${replies.length === 1 ? "reply" : "replies"} <span class="quiet">last at ${clock(timeOf(last.ts))}</span>`
              : "Reply in thread"}
          </button>`}
      </div>
    </article>`;
}
