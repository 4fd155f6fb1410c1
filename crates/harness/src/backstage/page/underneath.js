// The pane that shows what is underneath: the request's workflow, what it builds, the
// traffic between Slack and the bot, and the plugs to pull.
import { html, useState } from "/sim/html.js";
import { store } from "/sim/store.js";
import { Traffic } from "/sim/traffic.js";
import { Plugs } from "/panel/plugs.js";
import { Resources } from "/panel/resources.js";
import { Stopwatch, Timeline } from "/panel/timeline.js";

const TABS = { workflow: "Workflow", resources: "Resources", traffic: "Traffic", plugs: "Pull the plug" };

/** What was looked at last, for when the pane is opened again. */
let last = "workflow";

export function Underneath() {
  const [tab, setTab] = useState(last);
  const turnTo = (id) => { last = id; setTab(id); };
  const [wanted, want] = useState(null);
  const underneath = store.panel;
  const { requests } = underneath;
  const request = requests.find((r) => r.id === wanted) ?? requests.at(-1);
  return html`
    <section class="panel" aria-label="Underneath">
      <header class="bar">
        <h2>Underneath</h2>
        ${requests.length > 1 && html`
          <label><span class="hidden">Request</span>
            <select value=${request.id} onChange=${(event) => want(event.target.value)}>
              ${requests.toReversed().map((r) => html`<option key=${r.id} value=${r.id}>${r.id}</option>`)}
            </select>
          </label>`}
      </header>
      <${Stopwatch} request=${request} />
      <nav class="tabs" aria-label="What to look at">
        ${Object.entries(TABS).map(([id, label]) => html`
          <button type="button" key=${id} data-tab=${id} aria-pressed=${String(id === tab)} onClick=${() => turnTo(id)}>${label}</button>`)}
      </nav>
      <div class="inside" tabindex="0" role="region" aria-label=${TABS[tab]}>
        ${tab === "workflow" && html`<${Timeline} request=${request} ui=${underneath.ui} />`}
        ${tab === "resources" && html`<${Resources} request=${request} />`}
        ${tab === "traffic" && html`<${Traffic} />`}
        ${tab === "plugs" && html`<${Plugs} plugs=${underneath.plugs} />`}
      </div>
    </section>`;
}
