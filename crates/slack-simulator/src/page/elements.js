// The interactive elements of Block Kit: buttons, text fields, selects.
import { html, classes, useId, useState } from "/sim/html.js";
import { text } from "/sim/mrkdwn.js";
import { Picker } from "/sim/picker.js";
import { ask } from "/sim/confirm.js";
import { store } from "/sim/store.js";

export function Element({ e, b, surface, field }) {
  const value = surface.values?.[b.block_id]?.[e.action_id] ?? {};
  const own = useId();
  const id = field?.id ?? own;
  const named = {
    id, "data-action": e.action_id, "aria-describedby": field?.describedBy || null,
    "aria-invalid": field?.error ? "true" : null,
    "aria-label": field ? null : e.placeholder?.text ?? e.action_id,
  };
  switch (e.type) {
    case "button": return html`<${Button} e=${e} surface=${surface} />`;
    case "plain_text_input": return html`<${TextField} e=${e} value=${value.value ?? ""} named=${named} surface=${surface} />`;
    case "static_select": case "external_select": case "users_select": case "radio_buttons": case "overflow":
      return html`<${Picker} named=${named} placeholder=${e.placeholder?.text ?? "Choose…"} selected=${chosen(e, value)}
        load=${(typed) => offered(e, surface, typed)} atLeast=${e.type === "external_select" ? e.min_query_length ?? 3 : 0}
        choose=${(option) => surface.change(e, option.value)} />`;
    default: return html`<span class="quiet">(${e.type})</span>`;
  }
}

function Button({ e, surface }) {
  const [busy, setBusy] = useState(false);
  const press = async () => {
    if (busy || (e.confirm && !await ask(e.confirm))) return;
    setBusy(true);
    try { await surface.button(e); } finally { setBusy(false); }
  };
  // Not `disabled`: that would take the focus away.
  return html`
    <button type="button" class=${classes(e.style, busy && "busy")} data-action=${e.action_id} onClick=${press}
      aria-disabled=${busy ? "true" : null}>${text(e.text)}</button>`;
}

function TextField({ e, value, named, surface }) {
  const [typed, type] = useState(value);
  const events = {
    onInput: (event) => { type(event.target.value); surface.typing?.(e, event.target.value); },
    onChange: (event) => surface.change(e, event.target.value),
  };
  const looks = { maxlength: e.max_length, placeholder: e.placeholder?.text, value: typed, autocomplete: "off" };
  return e.multiline
    ? html`<textarea rows="4" ...${named} ...${looks} ...${events} data-first=${e.focus_on_load}></textarea>`
    : html`<input type="text" ...${named} ...${looks} ...${events} data-first=${e.focus_on_load} />`;
}

const asOption = (o, group) => ({ value: o.value, text: o.text.text, description: o.description?.text, group });
const person = (p) => ({ value: p.id, text: p.real_name });

function chosen(e, value) {
  const found = value.selected_option;
  if (found) return asOption(found);
  return value.selected_user ? person(store.state.people.find((p) => p.id === value.selected_user)) : null;
}

/** The options for what was typed; those of an external select come from the bot. */
async function offered(e, surface, typed) {
  if (e.type === "external_select") return (await surface.options(e, typed)).map((o) => asOption(o));
  const all = e.type === "users_select"
    ? store.state.people.filter((p) => p.can_act || p.is_bot).map(person)
    : [
      ...(e.options ?? []).map((o) => asOption(o)),
      ...(e.option_groups ?? []).flatMap((group) => group.options.map((o) => asOption(o, group.label.text))),
    ];
  return all.filter((option) => option.text.toLowerCase().includes(typed.toLowerCase()));
}
