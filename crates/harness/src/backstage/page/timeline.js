// A request's workflow: the stopwatch, the heartbeats of its provisioner, and its
// history in plain words.
import { html, classes, useEffect, useState } from "/sim/html.js";
import { clockOf } from "/sim/clock.js";
import { store } from "/sim/store.js";

const STATUS = {
  running: "lives", completed: "is done", failed: "failed", canceled: "was cancelled", terminated: "was terminated", timed_out: "timed out",
};

const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(1)} s`;

/** How long the request has lived, and what it has lived through. */
export function Stopwatch({ request }) {
  const [, tick] = useState(0);
  const runs = request && !request.ended;
  useEffect(() => {
    const timer = runs && setInterval(() => tick((count) => count + 1), 100);
    return () => clearInterval(timer);
  }, [runs]);
  if (!request) return html`<p class="stopwatch">No request yet. Somebody has to run <code>/provision</code>.</p>`;
  const start = Date.parse(request.started);
  const end = request.ended ? Date.parse(request.ended) : Date.now();
  const lived = store.panel.incidents.filter((incident) => Date.parse(incident.at) <= end
    && (!incident.until || Date.parse(incident.until) >= start));
  return html`
    <div class=${classes("stopwatch", request.status)} data-status=${request.status}>
      <p><strong class="time">${seconds(Math.max(0, end - start))}</strong>
        <span><code>${request.id}</code> ${STATUS[request.status] ?? request.status}</span></p>
      ${lived.length > 0 && html`<ul>${lived.map((incident) => html`
        <li>⚡ ${incident.what} at ${clockOf(incident.at)}, ${incident.until
          ? `over after ${seconds(Date.parse(incident.until) - Date.parse(incident.at))}` : "not over yet"}</li>`)}</ul>`}
    </div>`;
}

export function Timeline({ request, ui }) {
  if (!request) return html`<p class="quiet">Behind every request stands one workflow. Its history appears here.</p>`;
  const link = ui && `${ui}/namespaces/default/workflows/${encodeURIComponent(request.id)}/${request.run}/history`;
  return html`
    ${link && html`<p><a href=${link} target="_blank" rel="noreferrer">The same in the Temporal Web UI ↗</a></p>`}
    ${request.pending.length > 0 && html`
      <h3>Under way</h3>
      <ul class="pending">${request.pending.map((activity) => html`
        <li key=${activity.id}><code>${activity.name}</code> ${activity.state}, attempt ${activity.attempt}
          ${activity.failure && html`<p class="error">Last time: ${activity.failure}</p>`}</li>`)}</ul>`}
    <h3>Heartbeats of the provisioner</h3>
    ${request.heartbeats.length
      ? html`<ol class="heartbeats">${request.heartbeats.map((beat) => html`
          <li key=${beat.at}><time>${clockOf(beat.at)}</time> <strong>${beat.step}/${beat.of}</strong> ${beat.label}
            ${beat.attempt > 1 && html`<span class="quiet"> (attempt ${beat.attempt})</span>`}</li>`)}</ol>`
      : html`<p class="quiet">None yet: nothing is built before somebody approves. A step that is over within half a second may leave none.</p>`}
    <h3>History</h3>
    <ol class="history">${request.events.map((event) => html`
      <li key=${event.id}><time>${clockOf(event.at)}</time>
        <details><summary>${event.words}</summary><pre>${JSON.stringify(event.detail, null, 2)}</pre></details></li>`)}</ol>`;
}
