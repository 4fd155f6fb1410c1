// A modal over the workspace: its fields, their errors, and the stack it is in.
import { html, classes, useLayoutEffect, useRef, useState } from "/sim/html.js";
import { act } from "/sim/store.js";
import { Blocks } from "/sim/blocks.js";
import { inside, mistake, problem, sent, verb } from "/sim/fields.js";
import { useDialog } from "/sim/confirm.js";
import { Toasts } from "/sim/toasts.js";

/** What keeps its text through an update: the same element in the same place. */
const keyOf = (b, e) => `${b.block_id} ${e.action_id} ${e.type}`;

export function Modal({ user, name, stack }) {
  const view = stack.at(-1);
  const dialog = useDialog();
  const [busy, setBusy] = useState(false);
  const [missing, setMissing] = useState({});
  const [tries, setTries] = useState(0);
  const drafts = useRef({}); // typed, and not sent yet
  const given = useRef({}); // sent, and perhaps not shown yet
  const latest = useRef();
  latest.current = view;
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
    const inputs = view.blocks.filter((b) => b.type === "input");
    const there = inputs.map((b) => keyOf(b, b.element));
    for (const typed of [drafts.current, given.current]) {
      Object.keys(typed).forEach((key) => there.includes(key) || delete typed[key]);
    }
    setMissing((before) => Object.fromEntries(inputs.flatMap(({ block_id: id }) => before[id] ? [[id, before[id]]] : [])));
    if (document.activeElement === document.body || document.activeElement === dialog.current) focusFirst();
  }, [view.hash]);
  const errors = { ...view.errors, ...missing };
  const refused = Object.keys(view.errors).join();
  useLayoutEffect(() => { dialog.current.querySelector("[aria-invalid=true]")?.focus(); }, [refused, tries]);

  const change = (e, value, b) => {
    const wrong = mistake(e, value);
    delete drafts.current[keyOf(b, e)];
    given.current[keyOf(b, e)] = value;
    setMissing((before) => ({ ...before, [b.block_id]: wrong }));
    // What is no such number stays here, and what was there before does not stay there.
    return send(verb(e), e, sent(wrong && e.type === "number_input" ? "" : value));
  };
  const surface = {
    id: view.id, values: view.state.values, errors, change,
    typing: (e, value, b) => { drafts.current[keyOf(b, e)] = { e, value, b }; },
    button: (e) => send("view_click", e),
    options: async (e, typed) => (await act(user, { do: "view_options", view: view.id, action_id: e.action_id, typed })).options ?? [],
  };
  const submit = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    for (const { e, value, b } of Object.values(drafts.current)) change(e, value, b);
    await sending.current;
    const now = latest.current;
    const held = ({ block_id, element: e }) =>
      given.current[keyOf({ block_id }, e)] ?? inside(now.state.values[block_id]?.[e.action_id]);
    const found = now.blocks.filter((b) => b.type === "input").map((b) => [b.block_id, problem(b, held(b))]).filter(([, it]) => it);
    setMissing(Object.fromEntries(found));
    if (found.length) setTries((before) => before + 1);
    else await act(user, { do: "submit", view: view.id });
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
