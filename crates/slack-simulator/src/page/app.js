// The page: people at the top, one or two workspaces, and what whoever runs them shows beside.
import { html, classes, render, useEffect } from "/sim/html.js";
import { become, listen, nameOf, prefer, refresh, shownPeople, store, useStore } from "/sim/store.js";
import { Avatar } from "/sim/message.js";
import { Confirm } from "/sim/confirm.js";
import { Toasts } from "/sim/toasts.js";
import { Workspace } from "/sim/workspace.js";
import { Guide, Panel, look, title } from "panel";

const THEMES = { auto: "light", light: "dark", dark: "auto" };
const SIGNS = { auto: "◐", light: "☀", dark: "☾" };

/** Who plays a part comes first. */
const PARTS = ["U0REQUESTER", "U0AUTHORIZER", "U0ADMIN0001", "U0STRANGER1"];
const part = (person) => PARTS.includes(person.id) ? PARTS.indexOf(person.id) : PARTS.length;

function App() {
  const { state, sideBySide, withPanel, theme, question, tour } = useStore();
  useEffect(() => { document.documentElement.dataset.theme = theme; }, [theme]);
  if (!state) return html`<p class="loading">Loading…</p>`;
  if (!state.people.some((person) => person.id === store.me && person.can_act)) store.me = state.people.find((p) => p.can_act).id;
  const people = state.people.filter((person) => person.can_act).sort((a, b) => part(a) - part(b));
  const toggle = (key) => { prefer({ [key]: !store[key] }); refresh(); };
  return html`
    <header class="top">
      <h1>Acme <small>a Slack workspace on this machine</small></h1>
      <nav class="people" aria-label="Who you are">
        ${people.map((person) => html`<${Person} key=${person.id} person=${person} />`)}
      </nav>
      <div class="switches">
        <button type="button" aria-pressed=${String(sideBySide)} class="wide" onClick=${() => toggle("sideBySide")}>Side by side</button>
        <button type="button" aria-pressed=${String(withPanel)} data-switch="panel" onClick=${() => toggle("withPanel")}>${title}</button>
        ${Guide && html`<button type="button" onClick=${() => prefer({ tour: 0 })}>Tour</button>`}
        <button type="button" class="icon" aria-label=${`Colours: ${theme}`} title=${`Colours: ${theme}`} onClick=${() => prefer({ theme: THEMES[theme] })}>${SIGNS[theme]}</button>
      </div>
    </header>
    ${Guide && tour !== "done" && html`<${Guide} step=${tour} />`}
    <main class=${classes("stage", sideBySide && "two", withPanel && "panel-open")}>
      ${shownPeople().map((user) => html`<${Workspace} key=${user} user=${user} />`)}
      ${withPanel && html`<${Panel} />`}
    </main>
    ${question && html`<${Confirm} question=${question} />`}
    <${Toasts} />`;
}

function Person({ person }) {
  const { state, me, seen } = store;
  const latest = state.latest[person.id] ?? {};
  const news = Object.entries(latest).some(([channel, ts]) => ts > (seen[`${person.id} ${channel}`] ?? ""));
  const [first, ...more] = nameOf(person.id).split(" ");
  return html`
    <button type="button" aria-pressed=${String(person.id === me)} data-person=${person.id} onClick=${() => become(person.id)}>
      <${Avatar} id=${person.id} /><span>${first}<span class="part"> ${more.join(" ")}</span></span>
      ${news && person.id !== me && html`<span class="dot"><span class="hidden">has unread messages</span></span>`}
    </button>`;
}

render(html`<${App} />`, document.getElementById("app"));
listen(look);
