// The layout blocks of Block Kit. A surface says how its elements act:
// `id`, `values`, `errors`, `button(element)`, `change(element, value)`,
// `options(element, typed)`, and whether it is `busy`.
import { html, classes } from "/sim/html.js";
import { richText, text } from "/sim/mrkdwn.js";
import { Element } from "/sim/elements.js";

export function Blocks({ blocks, surface }) {
  return blocks.map((b) => html`<${Block} key=${b.block_id} b=${b} surface=${surface} />`);
}

function Block({ b, surface }) {
  const element = (e) => html`<${Element} key=${e.action_id} e=${e} b=${b} surface=${surface} />`;
  const box = (inside) => html`<div class=${classes("block", b.type)}>${inside}</div>`;
  switch (b.type) {
    case "divider": return box(html`<hr />`);
    case "header": return html`<h3 class="block header">${text(b.text)}</h3>`;
    case "section": return box(html`
      <div class="body">
        ${b.text && html`<div>${text(b.text)}</div>`}
        ${b.fields && html`<div class="fields">${b.fields.map((field) => html`<div>${text(field)}</div>`)}</div>`}
      </div>
      ${b.accessory && element(b.accessory)}`);
    case "context": return box(b.elements.map((e) => e.type === "image" ? image(e) : html`<span>${text(e)}</span>`));
    case "actions": return box(b.elements.map(element));
    case "input": return html`<${Input} b=${b} surface=${surface} />`;
    case "image": return box(image(b));
    case "rich_text": return box(b.elements.map(richText));
    default: return box(html`<span class="quiet">(${b.type})</span>`);
  }
}

/** A labelled field with its hint, or the error under it. */
function Input({ b, surface }) {
  const id = `${surface.id}-${b.block_id}`;
  const error = surface.errors?.[b.block_id];
  const field = { id, error, describedBy: [error && `${id}-error`, b.hint && `${id}-hint`].filter(Boolean).join(" ") };
  return html`
    <div class=${classes("block input", error && "wrong")}>
      <label for=${id}>${text(b.label)}${b.optional && html` <span class="quiet">(optional)</span>`}</label>
      <${Element} e=${b.element} b=${b} surface=${surface} field=${field} />
      ${error && html`<p class="error" id=${`${id}-error`}><span aria-hidden="true">⚠ </span>${error}</p>`}
      ${b.hint && html`<p class="hint" id=${`${id}-hint`}>${text(b.hint)}</p>`}
    </div>`;
}

const image = (b) => html`<span class="quiet">[image: ${b.alt_text}]</span>`;
