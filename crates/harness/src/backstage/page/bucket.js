// The bucket of a request, as S3 reports it.
import { html, useEffect, useState } from "/sim/html.js";

export function Bucket({ request }) {
  const [report, setReport] = useState(null);
  const bucket = request?.bucket?.name;
  const moment = `${request?.heartbeats.length} ${request?.events.length}`;
  useEffect(() => {
    let current = true;
    if (bucket) {
      fetch(`/panel/bucket?request=${encodeURIComponent(request.id)}`)
        .then((answer) => answer.json()).then((found) => { if (current) setReport(found); }, () => {});
    }
    return () => { current = false; };
  }, [bucket, moment]);
  if (!bucket) return html`<p class="quiet">There is no bucket before somebody approves.</p>`;
  if (report?.name !== bucket) return html`<p class="quiet">Asking S3 …</p>`;
  return html`
    <h3><code>${report.name}</code></h3>
    <table>
      <caption class="hidden">Settings</caption>
      <tbody>${report.settings.map((setting) => html`
        <tr key=${setting.name}><th scope="row">${setting.name}</th><td>${setting.value}</td></tr>`)}</tbody>
    </table>
    <h3>Objects</h3>
    ${report.objects.length
      ? html`<ul>${report.objects.map((object) => html`<li key=${object.key}><code>${object.key}</code> ${object.size} bytes</li>`)}</ul>`
      : html`<p class="quiet">None.</p>`}`;
}
