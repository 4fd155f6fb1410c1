// What the page knows, how it hears of changes, and how people act.
import { useEffect, useState } from "/sim/html.js";

const remembered = (key, otherwise) => {
  try { return JSON.parse(localStorage.getItem(key)) ?? otherwise; } catch { return otherwise; }
};

/** Everything that is shown. `state` is the workspace, `panel` what is beside it. */
export const store = {
  state: null,
  panel: null,
  traffic: [],
  toasts: [],
  me: remembered("me", "U0REQUESTER"),
  other: remembered("other", "U0AUTHORIZER"),
  sideBySide: remembered("sideBySide", false),
  withPanel: remembered("withPanel", false),
  theme: remembered("theme", "auto"),
  places: remembered("places", {}), // person -> channel id or "dm"
  threads: {}, // person -> ts of the open thread
  seen: remembered("seen", {}), // "person channel" -> latest ts seen
  tour: remembered("tour", 0), // the step, or "done"
};

const listeners = new Set();
export function changed() {
  listeners.forEach((listener) => listener());
}

/** The store, for a component that is drawn again when it changes. */
export function useStore() {
  const [, draw] = useState(0);
  useEffect(() => {
    const listener = () => draw((count) => count + 1);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return store;
}

/** Changes preferences, and remembers them for the next visit. */
export function prefer(preferences) {
  Object.assign(store, preferences);
  for (const [key, value] of Object.entries(preferences)) {
    if (key !== "threads") localStorage.setItem(key, JSON.stringify(value));
  }
  changed();
}

/** Switches to a person with one click. */
export function become(user) {
  prefer(user === store.other ? { me: user, other: store.me } : { me: user });
  refresh();
}

export function toast(text) {
  const note = { text };
  store.toasts = [...store.toasts, note];
  changed();
  setTimeout(() => { store.toasts = store.toasts.filter((other) => other !== note); changed(); }, 9000);
}

export async function post(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
    });
    const result = answer.ok ? await answer.json() : { error: await answer.text() };
    if (result.error) toast(result.error);
    return result;
  } catch {
    toast("The demo does not answer. Is it still running?");
    return { error: "gone" };
  }
}

/** Does something as a person; shows the error if there is one. */
export const act = (user, action) => post("/sim/act", { as: user, ...action });

export const nameOf = (id) => store.state.people.find((person) => person.id === id)?.real_name
  ?? Object.values(store.state.viewers).flatMap((viewer) => viewer.channels).find((channel) => channel.id === id)?.name
  ?? id;

export const shownPeople = () => store.sideBySide ? [store.me, store.other] : [store.me];

export const json = async (path) => (await fetch(path)).json();

// Changes arrive as events; several at once make one refresh.
let look = async () => null;
let pending = false;
let again = false;
export async function refresh() {
  if (pending) { again = true; return; }
  pending = true;
  try {
    const [state, panel, traffic] = await Promise.all([
      json(`/sim/state?as=${shownPeople().map(encodeURIComponent).join(",")}`),
      look(),
      store.withPanel ? json("/sim/traffic") : store.traffic,
    ]);
    Object.assign(store, { state, panel, traffic });
    changed();
  } catch { /* the demo is gone; the next event tells */ }
  pending = false;
  if (again) { again = false; setTimeout(refresh, 100); }
}

/** Follows the workspace, and what `panel` gives when it is looked at. */
export function listen(panel) {
  look = panel;
  const events = new EventSource("/sim/events");
  events.onmessage = refresh;
  setInterval(() => { if (events.readyState !== EventSource.OPEN) refresh(); }, 3000);
  refresh();
}
