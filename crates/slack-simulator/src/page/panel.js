// What a workspace that is alone shows beside itself: the traffic. Whoever runs more than
// the workspace brings a panel.js of their own, which exports the same.
import { html } from "/sim/html.js";
import { Traffic } from "/sim/traffic.js";

/** What the switch that opens it is called. */
export const title = "Traffic";

/** Beside the workspace. */
export const Panel = () => html`
  <section class="panel" aria-label=${title}>
    <header class="bar"><h2>${title}</h2></header>
    <div class="inside" tabindex="0" role="region" aria-label=${title}><${Traffic} /></div>
  </section>`;

/** Above the workspace; nothing. */
export const Guide = null;

/** What they show, asked for whenever something changes; nothing. */
export const look = async () => null;
