// What Slack and the bot say to each other, the latest first.
import { html, classes } from "/sim/html.js";
import { store } from "/sim/store.js";
import { clockOf } from "/sim/clock.js";

const TO_BOT = {
  block_actions: "Somebody pressed a button or chose something",
  view_submission: "Somebody submitted a form", view_closed: "Somebody closed a form",
  block_suggestion: "Slack asks which options a menu has", event_callback: "Slack tells of an event",
};
const TO_SLACK = {
  "chat.postMessage": "The bot posts a message", "chat.update": "The bot changes a message",
  "chat.postEphemeral": "The bot says something privately", "views.open": "The bot opens a form",
  "views.update": "The bot changes a form", "conversations.open": "The bot opens a direct message",
  "users.info": "The bot asks who somebody is", "users.list": "The bot asks who is in the workspace",
  "usergroups.users.list": "The bot asks who is in a group",
  "conversations.history": "The bot reads messages back", "conversations.replies": "The bot reads a thread back",
  "auth.test": "The bot checks its token", "conversations.info": "The bot asks about a channel",
};

export function Traffic() {
  if (!store.traffic.length) return html`<p class="quiet">Nothing yet.</p>`;
  return html`<ul class="traffic">${store.traffic.map((entry) => html`<${Entry} key=${entry.at + entry.name} entry=${entry} />`)}</ul>`;
}

function Entry({ entry }) {
  const isBot = entry.to === "bot";
  const bad = entry.error || entry.status !== 200;
  const words = isBot ? (TO_BOT[entry.what] ?? (entry.what.startsWith("/") ? `Somebody ran ${entry.what}` : undefined)) : TO_SLACK[entry.name];
  const shown = (value) => typeof value === "string" ? value || "(empty)" : JSON.stringify(value, null, 2);
  return html`
    <li><details>
      <summary>
        <time>${clockOf(entry.at)}</time>
        <span><strong>${isBot ? "Slack → bot" : "bot → Slack"}</strong> ${words ?? entry.what ?? entry.name}
          <small class="quiet">${entry.name} · <span class=${classes(bad && "bad")}>${entry.error ?? entry.status ?? "no answer"}</span> · ${entry.milliseconds} ms</small></span>
      </summary>
      <h4>${isBot ? "Sent to the bot" : "Asked of Slack"}</h4><pre>${shown(entry.sent)}</pre>
      <h4>The answer</h4><pre>${shown(entry.answer)}</pre>
    </details></li>`;
}
