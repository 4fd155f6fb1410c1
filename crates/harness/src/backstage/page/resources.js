// What a request builds: its bucket as S3 reports it, its stack as CloudFormation does.
import { html, useEffect, useState } from "/sim/html.js";

export function Resources({ request }) {
  const [seen, see] = useState(null);
  const id = request?.resources.length ? request.id : null;
  const moment = `${request?.heartbeats.length} ${request?.events.length}`;
  useEffect(() => {
    let current = true;
    if (id) {
      fetch(`/panel/resources?request=${encodeURIComponent(id)}`)
        .then((answer) => answer.json()).then((reports) => { if (current) see({ id, reports }); }, () => {});
    }
    return () => { current = false; };
  }, [id, moment]);
  if (!id) return html`<p class="quiet">There is nothing before somebody approves, or asks for a plan.</p>`;
  if (seen?.id !== id) return html`<p class="quiet">Asking AWS …</p>`;
  return seen.reports.map((report) => {
    const Report = report.kind === "stack" ? Stack : Bucket;
    return html`<section key=${`${report.kind} ${report.name}`} data-resource=${report.kind}><${Report} report=${report} /></section>`;
  });
}

/** Names with their values. */
function Table({ caption, rows }) {
  return html`
    <table>
      <caption class="hidden">${caption}</caption>
      <tbody>${rows.map(([name, value]) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody>
    </table>`;
}

const settings = (report) => report.settings.map(({ name, value }) => [name, value]);

function Bucket({ report }) {
  return html`
    <h3>Bucket <code>${report.name}</code></h3>
    <${Table} caption="Settings" rows=${settings(report)} />
    <h3>Objects</h3>
    ${report.objects.length
      ? html`<ul>${report.objects.map((object) => html`<li key=${object.key}><code>${object.key}</code> ${object.size} bytes</li>`)}</ul>`
      : html`<p class="quiet">None.</p>`}`;
}

/** What the states of a stack mean. */
const MEANING = {
  REVIEW_IN_PROGRESS: "a plan, of which nothing is made yet",
  CREATE_IN_PROGRESS: "being made",
  CREATE_COMPLETE: "made",
  CREATE_FAILED: "not made",
  ROLLBACK_IN_PROGRESS: "being undone",
  ROLLBACK_COMPLETE: "undone",
  DELETE_IN_PROGRESS: "being deleted",
  DELETE_COMPLETE: "deleted",
  DELETE_FAILED: "not deleted",
};

function Stack({ report }) {
  const name = html`<h3>Stack <code>${report.name}</code></h3>`;
  if (!report.status) return html`${name}<p class="quiet">CloudFormation has no such stack (any more).</p>`;
  return html`
    ${name}
    <p data-status=${report.status}><code>${report.status}</code>${MEANING[report.status] && ` – ${MEANING[report.status]}`}</p>
    <h3>Resources</h3>
    ${report.resources.length
      ? html`<${Table} caption="Resources" rows=${report.resources.map(({ id, type, name: called, status }) => [
          html`${id}<br /><span class="quiet">${type}</span>`,
          html`${called && html`<code>${called}</code><br />`}<span class="quiet">${status}</span>`,
        ])} />`
      : html`<p class="quiet">None.</p>`}
    <h3>Settings</h3>
    <${Table} caption="Settings" rows=${settings(report)} />`;
}
