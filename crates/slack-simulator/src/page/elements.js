// The interactive elements of Block Kit: buttons, text fields, selects, boxes to tick.
import { html, classes, useId, useRef, useState } from "/sim/html.js";
import { text } from "/sim/mrkdwn.js";
import { Picker } from "/sim/picker.js";
import { Several, Ticks } from "/sim/choices.js";
import { ask } from "/sim/confirm.js";
import { store } from "/sim/store.js";

/** What stands in an element that nobody has touched. */
const untouched = (e) => ({
  value: e.initial_value, selected_option: e.initial_option, selected_options: e.initial_options, selected_user: e.initial_user,
  selected_users: e.initial_users,
});

export function Element({ e, b, surface, field }) {
  const value = surface.values?.[b.block_id]?.[e.action_id] ?? untouched(e);
  const own = useId();
  const id = field?.id ?? own;
  const named = {
    id, "data-action": e.action_id, "aria-describedby": field?.describedBy || null,
    "aria-invalid": field?.error ? "true" : null,
    "aria-label": field ? null : e.placeholder?.text ?? e.action_id,
    "data-first": e.focus_on_load ? "true" : null,
  };
  const give = (given) => surface.change(e, given, b);
  const menu = {
    named, placeholder: e.placeholder?.text ?? "Choose…", load: (typed) => offered(e, surface, typed),
    atLeast: e.type.endsWith("external_select") ? e.min_query_length ?? 3 : 0,
  };
  switch (e.type) {
    case "button": return html`<${Button} e=${e} surface=${surface} />`;
    case "plain_text_input": case "number_input": case "email_text_input": case "url_text_input":
      return html`<${TextField} e=${e} b=${b} value=${value.value ?? ""} named=${named} surface=${surface} give=${give} />`;
    case "static_select": case "external_select": case "users_select": case "overflow":
      return html`<${Picker} ...${menu} selected=${chosen(value)} choose=${(option) => give(option.value)} />`;
    case "multi_static_select": case "multi_external_select": case "multi_users_select":
      return html`<${Several} ...${menu} most=${e.max_selected_items} chosen=${allChosen(value)} give=${give} />`;
    case "checkboxes": return html`<${Ticks} e=${e} named=${named} field=${field} chosen=${allChosen(value)} give=${give} />`;
    case "radio_buttons": return html`
      <${Ticks} e=${e} named=${named} field=${field} chosen=${[chosen(value)].filter(Boolean)} give=${([one]) => give(one)} />`;
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

/** What the keyboard of a phone offers. Its numbers alone have no minus. */
const keys = (e) => {
  if (e.type !== "number_input") return null;
  if (!(Number(e.min_value ?? -1) >= 0)) return "text";
  return e.is_decimal_allowed ? "decimal" : "numeric";
};

function TextField({ e, b, value, named, surface, give }) {
  const [typed, type] = useState(value);
  const given = useRef(value);
  const hand = (now) => {
    if (now === given.current) return;
    given.current = now;
    give(now);
  };
  const events = {
    onInput: (event) => { type(event.target.value); surface.typing?.(e, event.target.value, b); },
    onChange: (event) => hand(event.target.value),
    // Where the bot wants to know, Enter tells it, and does not send the form.
    onKeyDown: (event) => {
      if (event.key !== "Enter" || e.multiline || !b.dispatch_action) return;
      event.preventDefault();
      hand(event.target.value);
    },
  };
  const max = e.type === "plain_text_input" ? e.max_length ?? 3000 : null;
  const looks = { maxlength: max, placeholder: e.placeholder?.text, value: typed, autocomplete: "off", inputmode: keys(e) };
  return e.multiline
    ? html`<textarea rows="4" ...${named} ...${looks} ...${events}></textarea>`
    : html`<input type="text" ...${named} ...${looks} ...${events} />`;
}

const asOption = (o, group) => ({ value: o.value, text: o.text.text, description: o.description?.text, group });
const person = (p) => ({ value: p.id, text: p.real_name });
const personOf = (id) => person(store.state.people.find((p) => p.id === id) ?? { id, real_name: id });

function chosen(value) {
  if (value.selected_option) return asOption(value.selected_option);
  return value.selected_user ? personOf(value.selected_user) : null;
}

const allChosen = (value) => value.selected_options?.map((o) => asOption(o)) ?? value.selected_users?.map(personOf) ?? [];

/** The options for what was typed; those of an external select come from the bot. */
async function offered(e, surface, typed) {
  if (e.type.endsWith("external_select")) return (await surface.options(e, typed)).map((o) => asOption(o));
  const all = e.type.endsWith("users_select")
    ? store.state.people.filter((p) => p.can_act || p.is_bot).map(person)
    : [
      ...(e.options ?? []).map((o) => asOption(o)),
      ...(e.option_groups ?? []).flatMap((group) => group.options.map((o) => asOption(o, group.label.text))),
    ];
  return all.filter((option) => option.text.toLowerCase().includes(typed.toLowerCase()));
}
