// Notes that pass, such as an error of Slack's client.
import { html } from "/sim/html.js";
import { useStore } from "/sim/store.js";

export function Toasts() {
  const { toasts } = useStore();
  return html`<div class="toasts" role="alert">${toasts.map((note) => html`<p>${note.text}</p>`)}</div>`;
}
