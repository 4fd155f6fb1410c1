// The layout blocks of Block Kit. A surface says how its elements act:
// `id`, `values`, `errors`, `button(element)`, `change(element, value, block)`,
// `options(element, typed)`, and perhaps `typing(element, text, block)` and `edition`.
import { html, classes } from "/sim/html.js";
import { richText, text } from "/sim/mrkdwn.js";
import { Element } from "/sim/elements.js";

// Who sees an edited message has put nothing into it: its inputs start anew.
const keyOf = (b, { edition }) => b.type === "input" && edition ? `${b.block_id} ${edition}` : b.block_id;

export function Blocks({ blocks, surface }) {
  return blocks.map((b) => html`<${Block} key=${keyOf(b, surface)} b=${b} surface=${surface} />`);
}

function Block({ b, surface }) {
  const element = (e) => html`<${Element} key=${`${e.type} ${e.action_id}`} e=${e} b=${b} surface=${surface} />`;
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

/** Several boxes have a name together, and no single one that a click on it could go to. */
const isGroup = (e) => e.type === "checkboxes" || e.type === "radio_buttons";

/** A labelled field with its hint, or the error under it. */
function Input({ b, surface }) {
  const e = b.element;
  const id = `${surface.id}-${b.block_id}`;
  const error = surface.errors?.[b.block_id];
  const describedBy = [error && `${id}-error`, b.hint && `${id}-hint`].filter(Boolean).join(" ");
  const field = { id, error, describedBy, labelledBy: `${id}-label` };
  const label = html`${text(b.label)}${b.optional && html` <span class="quiet">(optional)</span>`}`;
  // Another kind of element starts anew, though its ids are the same.
  return html`
    <div class=${classes("block input", error && "wrong")}>
      ${isGroup(e) ? html`<div class="label" id=${`${id}-label`}>${label}</div>` : html`<label for=${id}>${label}</label>`}
      <${Element} key=${`${e.type} ${e.action_id}`} e=${e} b=${b} surface=${surface} field=${field} />
      ${error && html`<p class="error" id=${`${id}-error`}><span aria-hidden="true">⚠ </span>${error}</p>`}
      ${b.hint && html`<p class="hint" id=${`${id}-hint`}>${text(b.hint)}</p>`}
    </div>`;
}

const image = (b) => html`<span class="quiet">[image: ${b.alt_text}]</span>`;
