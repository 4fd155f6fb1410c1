// The question a button may ask before it acts.
import { html, useLayoutEffect, useRef } from "/sim/html.js";
import { text } from "/sim/mrkdwn.js";
import { changed, store } from "/sim/store.js";

/** Asks; the answer is whether it is yes. */
export function ask(question) {
  return new Promise((resolve) => {
    store.question = { ...question, answer: (yes) => { store.question = null; changed(); resolve(yes); } };
    changed();
  });
}

/** An element that is a modal dialog while it exists, and gives the focus back after. */
export function useDialog() {
  const dialog = useRef();
  useLayoutEffect(() => {
    const node = dialog.current;
    const before = document.activeElement;
    node.showModal();
    return () => {
      node.close();
      // Once the dialog is gone: what was inert when it got the focus takes no text.
      setTimeout(() => {
        if (!before?.isConnected || document.querySelector("dialog[open]")) return;
        before.blur();
        before.focus();
      });
    };
  }, []);
  return dialog;
}

export function Confirm({ question }) {
  const dialog = useDialog();
  const { title, text: body, confirm, deny, style, answer } = question;
  return html`
    <dialog ref=${dialog} class="confirm" aria-labelledby="confirm-title" onCancel=${(event) => { event.preventDefault(); answer(false); }}>
      <header><h2 id="confirm-title">${title.text}</h2></header>
      <div class="fields-of-view">${text(body)}</div>
      <footer>
        <button type="button" onClick=${() => answer(false)}>${deny.text}</button>
        <button type="button" class=${style ?? "primary"} data-confirm onClick=${() => answer(true)}>${confirm.text}</button>
      </footer>
    </dialog>`;
}
