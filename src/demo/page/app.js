// The simulator's page: who you are, where you are, what you see, what you do.
import { block, el, mrkdwn } from "/sim/blocks.js";

const $ = (id) => document.getElementById(id);
const HOME = "home", TRAFFIC = "traffic", DM = "dm";
let me = localStorage.getItem("me") ?? "U0REQUESTER";
let place = localStorage.getItem("place") ?? "C0DEPLOYS01";
let state;
let replyTo = null;
const seen = {}; // the latest ts seen, by person and channel
const nodes = new Map(); // rendered messages: ts -> [what it shows, node]

async function refresh() {
  const answer = await fetch(`/sim/state?as=${encodeURIComponent(me)}`);
  state = await answer.json();
  render();
}

/** Does something as the person; shows the error if there is one. */
async function act(action) {
  try {
    const answer = await fetch("/sim/act", {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ as: me, ...action }),
    });
    const result = answer.ok ? await answer.json() : { error: await answer.text() };
    if (result.error) toast(result.error);
    return result;
  } catch {
    toast("The simulator does not answer.");
    return { error: "gone" };
  }
}

function toast(message) {
  const note = el("p", {}, message);
  $("toasts").append(note);
  setTimeout(() => note.remove(), 8000);
}

async function busy(control, work) {
  if (control) control.disabled = true;
  try { return await work(); } finally { if (control) control.disabled = false; }
}

function names(id) {
  return state.people.find((person) => person.id === id)?.real_name
    ?? state.channels.find((channel) => channel.id === id)?.name ?? id;
}

const channelId = () => place === DM ? state.dm : place;

function render() {
  const people = state.people.filter((person) => person.can_act);
  if (!people.some((person) => person.id === me)) me = people[0].id;
  $("me").replaceChildren(...people.map((p) => el("option", { value: p.id, selected: p.id === me }, p.real_name)));
  const places = state.channels.map((c) => [c.id, `${c.is_private ? "🔒" : "#"} ${c.name}`, c.id])
    .concat([[DM, "✉ provision-bot", state.dm], [HOME, "⌂ App home"], [TRAFFIC, "⇄ Traffic"]]);
  if (!places.some(([id]) => id === place)) place = places[0][0];
  $("places").replaceChildren(...places.map(([id, label, channel]) => {
    const latest = (state.messages[channel] ?? []).at(-1)?.ts ?? "";
    if (id === place && channel) seen[`${me} ${channel}`] = latest;
    const unread = channel && latest > (seen[`${me} ${channel}`] ?? "");
    return el("button", { "aria-current": String(id === place), class: unread ? "unread" : "", onclick: () => go(id) }, label);
  }));
  const channel = state.channels.find((c) => c.id === place);
  $("place").textContent = places.find(([id]) => id === place)[1];
  $("hint").textContent = channel?.is_archived ? "This channel is archived."
    : channel ? `provision-bot is ${channel.has_bot ? "" : "not "}a member here.` : "";
  $("composer").hidden = place === HOME || place === TRAFFIC;
  $("composer").style.display = $("composer").hidden ? "none" : "";
  if (place === TRAFFIC) renderTraffic();
  else if (place === HOME) renderHome();
  else renderMessages();
  renderModal();
}

function go(id) {
  place = id;
  replyTo = null;
  $("replying").hidden = true;
  localStorage.setItem("place", place);
  $("messages").replaceChildren();
  nodes.clear();
  render();
  $("messages").scrollTop = $("messages").scrollHeight;
  if (id === HOME) act({ do: "open_home" });
}

function renderMessages() {
  const all = state.messages[channelId()] ?? [];
  const exists = new Set(all.map((message) => message.ts));
  const isReply = (m) => m.thread_ts && m.thread_ts !== m.ts && exists.has(m.thread_ts);
  const ordered = all.filter((m) => !isReply(m)).flatMap((parent) =>
    [parent, ...all.filter((m) => isReply(m) && m.thread_ts === parent.ts)]);
  const box = $("messages");
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  const wanted = ordered.map((message) => {
    const shows = JSON.stringify(message);
    if (nodes.get(message.ts)?.[0] !== shows) nodes.set(message.ts, [shows, messageNode(message, isReply(message))]);
    return nodes.get(message.ts)[1];
  });
  if (!wanted.length) wanted.push(el("p", { class: "quiet" }, "Nothing here yet. Try /provision"));
  // Unchanged messages stay in place: an open select or the focus survives.
  wanted.forEach((node, index) => {
    if (box.children[index] !== node) box.insertBefore(node, box.children[index] ?? null);
  });
  while (box.children.length > wanted.length) box.lastElementChild.remove();
  if (atEnd) box.scrollTop = box.scrollHeight;
}

function messageNode(message, isReply) {
  const { channel, ts } = message;
  const surface = {
    id: ts, names, people: state.people, values: message.values,
    button: async (element, control) => {
      if (await confirmed(element.confirm)) busy(control, () => act({ do: "click", channel, ts, action_id: element.action_id }));
    },
    change: (element, value, control) => value && busy(control, () => act({ do: "select", channel, ts, action_id: element.action_id, value })),
    options: async (element, typed) => (await act({ do: "message_options", channel, ts, action_id: element.action_id, typed })).options ?? [],
  };
  const when = new Date(Number(ts.split(".")[0]) * 1000);
  const author = message.user === state.bot ? "provision-bot" : names(message.user);
  return el("article", { class: `message ${isReply ? "reply" : ""} ${message.is_ephemeral ? "ephemeral" : ""}` },
    el("div", {},
      el("span", { class: "who" }, author), " ",
      message.user === state.bot ? el("span", { class: "quiet" }, "APP ") : null,
      el("time", { class: "quiet", datetime: when.toISOString() }, when.toLocaleTimeString([], { timeStyle: "short" })),
      message.is_edited ? el("span", { class: "quiet" }, " (edited)") : null,
      message.is_ephemeral ? el("span", { class: "quiet" }, " Only visible to you") : null),
    message.blocks.length ? message.blocks.map((b) => block(b, surface)) : el("div", { class: "block" }, mrkdwn(message.text, names)),
    isReply || message.is_ephemeral || message.is_tombstone ? null
      : el("button", { class: "link", onclick: () => reply(ts) }, "Reply in thread"));
}

function reply(ts) {
  replyTo = ts;
  $("replying").hidden = false;
  $("text").focus();
}

function renderHome() {
  const view = state.home;
  $("messages").replaceChildren(...(view ? view.blocks.map((b) => block(b, viewSurface(view)))
    : [el("p", { class: "quiet" }, "The app has not published a Home tab.")]));
}

function viewSurface(view) {
  const send = (what, element, more = {}) => act({ do: what, view: view.id, action_id: element.action_id, ...more });
  return {
    id: view.id, names, people: state.people, values: view.state.values, errors: view.errors,
    button: async (element, control) => { if (await confirmed(element.confirm)) busy(control, () => send("view_click", element)); },
    change: (element, value, control) => {
      const isText = element.type === "plain_text_input";
      if (isText) control.dataset.sent = value;
      return send(isText ? "fill" : "choose", element, { value });
    },
    options: async (element, typed) => (await send("view_options", element, { typed })).options ?? [],
  };
}

let shownModal = "";
function renderModal() {
  const dialog = $("modal");
  const view = state.modal;
  const shows = view ? JSON.stringify([view.id, view.hash, view.errors, view.trouble]) : "";
  if (shows === shownModal) return;
  const focused = document.activeElement?.dataset?.key;
  shownModal = shows;
  if (!view) { dialog.close(); dialog.replaceChildren(); return; }
  const submit = view.submit ? el("button", { class: "primary" }, view.submit.text) : null;
  const send = async () => {
    // Text that has not lost the focus yet was not sent yet.
    for (const field of dialog.querySelectorAll("[data-action]")) {
      if (field.value === field.dataset.sent) continue;
      field.dataset.sent = field.value;
      await act({ do: "fill", view: view.id, action_id: field.dataset.action, value: field.value });
    }
    await act({ do: "submit", view: view.id });
  };
  dialog.replaceChildren(el("form", {
    onsubmit: async (event) => {
      event.preventDefault();
      const label = submit.textContent;
      submit.textContent = "Sending…";
      await busy(submit, send);
      submit.textContent = label;
    },
  },
    el("h2", { id: "modal-title" }, view.title.text,
      el("button", { type: "button", "aria-label": "Close all", onclick: () => act({ do: "dismiss", view: view.id }) }, "×")),
    view.trouble ? el("p", { class: "error", role: "alert" }, view.trouble) : null,
    view.blocks.map((b) => block(b, viewSurface(view))),
    el("footer", {},
      el("button", { type: "button", onclick: () => act({ do: "close", view: view.id }) }, view.close?.text ?? "Cancel"), submit)));
  dialog.oncancel = (event) => { event.preventDefault(); act({ do: "close", view: view.id }); };
  if (!dialog.open) dialog.showModal();
  if (focused) dialog.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
}

/** Asks before a button acts, if it has a `confirm`. */
function confirmed(confirm) {
  if (!confirm) return Promise.resolve(true);
  const dialog = $("confirm");
  return new Promise((resolve) => {
    const answer = (yes) => { dialog.onclose = null; dialog.close(); resolve(yes); };
    dialog.onclose = () => resolve(false);
    dialog.replaceChildren(
      el("h2", { id: "confirm-title" }, confirm.title.text),
      el("p", {}, confirm.text.type === "mrkdwn" ? mrkdwn(confirm.text.text, names) : confirm.text.text),
      el("footer", {},
        el("button", { onclick: () => answer(false) }, confirm.deny.text),
        el("button", { class: confirm.style ?? "primary", onclick: () => answer(true) }, confirm.confirm.text)));
    dialog.showModal();
  });
}

let openEntries = new Set();
async function renderTraffic() {
  const traffic = await (await fetch("/sim/traffic")).json();
  if (place !== TRAFFIC) return;
  $("messages").replaceChildren(...traffic.map((entry) => {
    const key = entry.at + entry.name;
    const bad = entry.error || entry.status !== 200;
    return el("details", {
      class: "traffic", open: openEntries.has(key),
      ontoggle: (event) => event.target.open ? openEntries.add(key) : openEntries.delete(key),
    },
      el("summary", {}, `${entry.at.slice(11, 23)} ${entry.to === "bot" ? "→ bot" : "← bot"} ${entry.name} `,
        el("span", { class: bad ? "bad" : "quiet" }, `${entry.error ?? entry.status} · ${entry.milliseconds} ms`)),
      el("pre", {}, JSON.stringify(entry.sent, null, 2)),
      el("pre", {}, typeof entry.answer === "string" ? entry.answer || "(empty body)" : JSON.stringify(entry.answer, null, 2)));
  }));
}

$("me").addEventListener("change", (event) => {
  me = event.target.value;
  localStorage.setItem("me", me);
  nodes.clear();
  $("messages").replaceChildren();
  refresh();
});
$("no-reply").addEventListener("click", () => { replyTo = null; $("replying").hidden = true; });
$("shortcut").addEventListener("click", () => act({ do: "command", channel: channelId(), command: "/provision", text: "checkout" }));
$("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  const [, command, rest] = text.match(/^(\/\S+)\s*(.*)$/s) ?? [];
  if (command && replyTo) return toast(`${command} is not supported in threads.`);
  if (command && !channelId()) return toast("Say something to the app first.");
  await act(command ? { do: "command", channel: channelId(), command, text: rest }
    : { do: "say", channel: channelId(), text, thread_ts: replyTo });
});

// Changes arrive as events; several at once make one refresh.
let pending = false;
let again = false;
async function changed() {
  if (pending) { again = true; return; }
  pending = true;
  try { await refresh(); } catch { /* the simulator is gone; the next event tells */ }
  pending = false;
  if (again) { again = false; setTimeout(changed, 100); }
}
const events = new EventSource("/sim/events");
events.onmessage = changed;
events.onerror = () => setTimeout(changed, 2000);
setInterval(() => { if (events.readyState !== EventSource.OPEN) changed(); }, 3000);
changed();
