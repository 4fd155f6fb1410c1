// A modal over the workspace: its fields, their errors, and the stack it is in.
import { html, classes, useLayoutEffect, useRef, useState } from "/sim/html.js";
import { act } from "/sim/store.js";
import { Blocks } from "/sim/blocks.js";
import { useDialog } from "/sim/confirm.js";
import { Toasts } from "/sim/toasts.js";

const REQUIRED = "Please complete this required field.";

const isFilled = (value) => Boolean(value && (value.value || value.selected_option || value.selected_user));

export function Modal({ user, name, stack }) {
  const view = stack.at(-1);
  const dialog = useDialog();
  const [busy, setBusy] = useState(false);
  const [missing, setMissing] = useState({});
  const drafts = useRef({}); // typed, and not sent yet
  const given = useRef({}); // sent, and perhaps not shown yet
  const sending = useRef(Promise.resolve());
  const send = (action, element, more = {}) => {
    sending.current = sending.current.then(() => act(user, { do: action, view: view.id, action_id: element.action_id, ...more }));
    return sending.current;
  };

  // A new view takes the focus; an update of the same one only if it was lost.
  const focusFirst = () => {
    const found = dialog.current.querySelector("[data-first]") ?? dialog.current.querySelector(".fields-of-view :is(input, textarea)");
    (found ?? dialog.current).focus();
  };
  useLayoutEffect(() => {
    drafts.current = {};
    given.current = {};
    setMissing({});
    focusFirst();
  }, [view.id]);
  useLayoutEffect(() => {
    if (document.activeElement === document.body || document.activeElement === dialog.current) focusFirst();
  }, [view.hash]);
  const errors = { ...view.errors, ...missing };
  const wrong = Object.keys(errors).join();
  useLayoutEffect(() => { if (wrong) dialog.current.querySelector("[aria-invalid=true]")?.focus(); }, [wrong]);

  const change = (e, value) => {
    delete drafts.current[e.action_id];
    given.current[e.action_id] = value;
    setMissing((before) => Object.fromEntries(Object.entries(before).filter(([id]) => fieldOf(id)?.element.action_id !== e.action_id)));
    return send(e.type === "plain_text_input" ? "fill" : "choose", e, { value });
  };
  const fieldOf = (id) => view.blocks.find((b) => b.block_id === id);
  const surface = {
    id: view.id, values: view.state.values, errors, change,
    typing: (e, value) => { drafts.current[e.action_id] = { e, value }; },
    button: (e) => send("view_click", e),
    options: async (e, typed) => (await act(user, { do: "view_options", view: view.id, action_id: e.action_id, typed })).options ?? [],
  };
  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    for (const { e, value } of Object.values(drafts.current)) change(e, value);
    await sending.current;
    const isEmpty = ({ block_id, element: { action_id } }) =>
      !(given.current[action_id] ?? isFilled(view.state.values[block_id]?.[action_id]));
    const empty = view.blocks.filter((b) => b.type === "input" && !b.optional && isEmpty(b));
    setMissing(Object.fromEntries(empty.map((b) => [b.block_id, REQUIRED])));
    if (!empty.length) await act(user, { do: "submit", view: view.id });
    setBusy(false);
  };
  const close = () => act(user, { do: "close", view: view.id });
  return html`
    <dialog ref=${dialog} class="modal" tabindex="-1" aria-labelledby="modal-title" aria-busy=${String(busy)}
      onCancel=${(event) => { event.preventDefault(); close(); }}>
      <form onSubmit=${submit} novalidate key=${view.id}>
        <header>
          ${stack.length > 1 && html`<button type="button" class="icon" aria-label="Back" onClick=${close}>‹</button>`}
          <h2 id="modal-title">${view.title.text}</h2>
          <span class="quiet" title="Whose screen this is">${name}</span>
          <button type="button" class="icon" aria-label="Close" onClick=${() => act(user, { do: "dismiss", view: view.id })}>×</button>
        </header>
        <div class="fields-of-view">
          ${view.trouble && html`<p class="error banner" role="alert">${view.trouble}</p>`}
          <${Blocks} blocks=${view.blocks} surface=${surface} />
        </div>
        <footer>
          <button type="button" onClick=${close}>${view.close?.text ?? "Cancel"}</button>
          ${view.submit && html`
            <button type="submit" class=${classes("primary", busy && "busy")} aria-disabled=${busy ? "true" : null}>
              ${busy ? "Sending…" : view.submit.text}
            </button>`}
        </footer>
      </form>
      <${Toasts} />
    </dialog>`;
}
