// The plugs one can pull, and what a real incident of each kind is.
import { html, classes, useState } from "/sim/html.js";
import { post } from "/sim/store.js";

/** Pulls a plug, or puts it back. */
const pull = (plug, state) => post("/panel/plug", { plug, state });

/** Each plug with its states: how it is told, and the buttons that lead elsewhere. */
const PLUGS = [
  {
    id: "worker", title: "The bot's worker",
    real: "In real life: a node dies, a container runs out of memory, a deployment kills the old process too early.",
    states: {
      running: ["It runs.", ["armed", "Kill it in the middle of a step"], ["killed", "Kill it now"]],
      armed: ["It will be killed at its next change of a bucket or call of CloudFormation, and started again 3 seconds later.", ["running", "Let it live"]],
      killed: ["It is dead.", ["running", "Start it again"]],
      starting: ["It is starting …"],
    },
  },
  {
    id: "temporal", title: "Temporal",
    real: "In real life: the cluster is upgraded, its database fails over, the network between the two is cut.",
    states: {
      running: ["It runs.", ["stopped", "Stop it"]],
      stopped: ["It is stopped. Its histories are on disk.", ["running", "Start it again"]],
      stopping: ["It is stopping …"],
      starting: ["It is starting …"],
    },
  },
  {
    id: "slack", title: "Slack",
    real: "In real life: another app of the workspace uses up the rate limit, or Slack has one of its bad days.",
    states: {
      well: ["It answers.", ["limited", "Answer 429 to everything"], ["hanging", "Answer nothing"]],
      limited: ["Every call is answered 429, “try again in 3 seconds”.", ["well", "Answer again"]],
      hanging: ["No call is answered.", ["well", "Answer again"]],
    },
  },
  {
    id: "s3", title: "S3",
    real: "In real life: the region is degraded, and S3 says “503 Slow Down” until it is not.",
    states: {
      well: ["It answers.", ["failing", "Answer 503 to everything"]],
      failing: ["Every request is answered 503.", ["well", "Answer again"]],
    },
  },
];

export function Plugs({ plugs }) {
  return html`
    <p>Ask for something, pull a plug, and watch the stopwatch: the request waits, and goes on where it was.</p>
    ${PLUGS.map((plug) => html`<${Plug} key=${plug.id} plug=${plug} state=${plugs[plug.id]} />`)}`;
}

function Plug({ plug, state }) {
  const [busy, setBusy] = useState(false);
  const [words, ...ways] = plug.states[state] ?? [state];
  const go = async (to) => {
    if (busy) return;
    setBusy(true);
    try { await pull(plug.id, to); } finally { setBusy(false); }
  };
  return html`
    <section class=${classes("plug", !["running", "well"].includes(state) && "pulled")} data-plug=${plug.id} data-state=${state}>
      <h3>${plug.title}</h3>
      <p class="state" role="status">${words}</p>
      <p class="quiet">${plug.real}</p>
      <p class="ways">${ways.map(([to, label]) => html`
        <button type="button" key=${to} data-to=${to} class=${classes(["running", "well"].includes(to) ? "primary" : "danger", busy && "busy")}
          aria-disabled=${busy ? "true" : null} onClick=${() => go(to)}>${label}</button>`)}</p>
    </section>`;
}
