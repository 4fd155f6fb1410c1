// A workspace as one person sees it: channels and direct messages on the left,
// the conversation, and a thread beside it.
import { html, classes, useLayoutEffect, useRef, useState } from "/sim/html.js";
import { nameOf, prefer, store } from "/sim/store.js";
import { Composer } from "/sim/composer.js";
import { Avatar, Message } from "/sim/message.js";
import { Modal } from "/sim/modal.js";

const DM = "dm";
/** Drawn, since a machine may have no font with a lock. */
const LOCK = html`<svg class="lock" viewBox="0 0 12 12" aria-label="private" role="img"><path d="M3 5V4a3 3 0 0 1 6 0v1h.5v6h-7V5zm1.3 0h3.4V4a1.7 1.7 0 0 0-3.4 0z" /></svg>`;

const isReply = (message) => message.thread_ts && message.thread_ts !== message.ts;

/** What a person has not seen yet: in a channel the replies do not count. */
export function unread(user, channel, messages) {
  const seen = store.seen[`${user} ${channel}`] ?? "";
  return messages.filter((m) => m.ts > seen && m.user !== user && (channel.startsWith("D") || !isReply(m))).length;
}

export function Workspace({ user }) {
  const [menu, setMenu] = useState(false);
  const viewer = store.state.viewers[user];
  if (!viewer) return null;
  const place = viewer.channels.some((c) => c.id === store.places[user]) || store.places[user] === DM
    ? store.places[user] : viewer.channels[0]?.id;
  const channel = place === DM ? viewer.dm : place;
  const all = viewer.messages[channel] ?? [];
  const thread = all.find((m) => m.ts === store.threads[user] && !isReply(m));

  const latest = all.at(-1)?.ts;
  useLayoutEffect(() => {
    if (latest && (store.seen[`${user} ${channel}`] ?? "") < latest) {
      prefer({ seen: { ...store.seen, [`${user} ${channel}`]: latest } });
    }
  }, [user, channel, latest]);

  const go = (id) => {
    setMenu(false);
    prefer({ places: { ...store.places, [user]: id }, threads: { ...store.threads, [user]: null } });
  };
  const openThread = (ts) => prefer({ threads: { ...store.threads, [user]: ts } });
  const info = viewer.channels.find((c) => c.id === place);
  const bot = nameOf(store.state.bot);
  const title = place === DM ? bot : `#${info?.name}`;
  const hint = place === DM ? "Direct message" : info?.is_archived ? "Archived" : info?.has_bot ? `${bot} is a member` : "";
  return html`
    <section class="workspace" aria-label=${`Slack as ${nameOf(user)}`} data-user=${user}><div class=${classes("panes", menu && "with-menu", thread && "with-thread")}>
      <${Sidebar} user=${user} viewer=${viewer} place=${place} go=${go} />
      <div class="conversation">
        <header class="bar">
          <button type="button" class="icon menu" aria-expanded=${String(menu)} aria-label="Channels and messages" onClick=${() => setMenu(!menu)}>☰</button>
          <h2>${info?.is_private ? html`${LOCK} ${info.name}` : title}</h2>
          <span class="quiet">${[store.sideBySide && nameOf(user), hint].filter(Boolean).join(" · ")}</span>
        </header>
        <${Log} label=${title} key=${`${user} ${channel}`}>
          ${all.filter((m) => !isReply(m)).map((m) => html`
            <${Message} key=${m.ts} user=${user} message=${m} openThread=${openThread}
              replies=${all.filter((reply) => isReply(reply) && reply.thread_ts === m.ts)} />`)}
          ${!all.length && html`<p class="empty">${place === DM
            ? `${bot} writes here when somebody needs you.`
            : html`Nothing here yet. Type <code>${store.state.command.name}</code> below to ask for something.`}</p>`}
        <//>
        <${Composer} user=${user} channel=${channel} title=${title} />
      </div>
      ${thread && html`<${Thread} user=${user} channel=${channel} parent=${thread} title=${title}
        replies=${all.filter((m) => isReply(m) && m.thread_ts === thread.ts)} close=${() => openThread(null)} />`}
      </div>
      ${viewer.modals.length > 0 && html`<${Modal} user=${user} name=${nameOf(user)} stack=${viewer.modals} />`}
    </section>`;
}

function Sidebar({ user, viewer, place, go }) {
  const entry = (id, channel, icon, label) => {
    const count = id === place || !channel ? 0 : unread(user, channel, viewer.messages[channel] ?? []);
    return html`
      <li key=${id}><button type="button" aria-current=${id === place ? "page" : null} class=${classes(count && "unread")} data-place=${id} onClick=${() => go(id)}>
        <span class="sign" aria-hidden="true">${icon}</span>${label}
        ${count > 0 && html`<span class="badge">${count}<span class="hidden"> unread</span></span>`}
      </button></li>`;
  };
  return html`
    <nav class="sidebar" aria-label=${`Channels of ${nameOf(user)}`}>
      <p class="who"><${Avatar} id=${user} /><span>${nameOf(user)}</span></p>
      <h3>Channels</h3>
      <ul>${viewer.channels.map((c) => entry(c.id, c.id, c.is_private ? LOCK : "#", c.name))}</ul>
      <h3>Direct messages</h3>
      <ul>${entry(DM, viewer.dm, "●", nameOf(store.state.bot))}</ul>
    </nav>`;
}

/** The messages, which stay scrolled to the end if they were. */
function Log({ label, children }) {
  const box = useRef();
  const atEnd = useRef(true);
  const onScroll = () => { atEnd.current = box.current.scrollHeight - box.current.scrollTop - box.current.clientHeight < 80; };
  useLayoutEffect(() => { if (atEnd.current) box.current.scrollTop = box.current.scrollHeight; });
  return html`<div class="log" ref=${box} role="log" tabindex="0" aria-label=${label} onScroll=${onScroll}><div class="log-inner">${children}</div></div>`;
}

function Thread({ user, channel, parent, title, replies, close }) {
  const heading = useRef();
  useLayoutEffect(() => heading.current?.focus(), [parent.ts]);
  return html`
    <aside class="thread" aria-label="Thread" onKeyDown=${(event) => { if (event.key === "Escape" && !event.defaultPrevented) close(); }}>
      <header class="bar">
        <h2 tabindex="-1" ref=${heading}>Thread</h2><span class="quiet">${title}</span>
        <button type="button" class="icon" aria-label="Close the thread" onClick=${close}>×</button>
      </header>
      <${Log} label="Thread" key=${parent.ts}>
        <${Message} user=${user} message=${parent} />
        <p class="count">${replies.length} ${replies.length === 1 ? "reply" : "replies"}</p>
        ${replies.map((m) => html`<${Message} key=${m.ts} user=${user} message=${m} />`)}
      <//>
      <${Composer} user=${user} channel=${channel} thread=${parent.ts} title="the thread" />
    </aside>`;
}
