// A select that can be searched: the combobox of the ARIA practices, with a list
// below. Slack draws its menus like this, and it works with the keyboard alone. With `many`,
// what is chosen already, it stays open and each choice adds or takes away.
import { html, classes, useLayoutEffect, useRef, useState } from "/sim/html.js";

/** How long typing rests before options are loaded. */
const REST = 150;

export function Picker({ named, placeholder, selected, load, choose, atLeast, many }) {
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState("");
  const [options, setOptions] = useState(null);
  const [active, setActive] = useState(0);
  const [mine, setMine] = useState(null); // chosen here, and perhaps not confirmed yet
  const asked = useRef(0);
  const timer = useRef();
  const list = useRef();
  const shown = many ? null : mine ?? selected;
  const isChosen = (option) => many ? many.some((one) => one.value === option.value) : option.value === shown?.value;
  const listId = `${named.id}-list`;

  const search = async (text) => {
    const turn = ++asked.current;
    if (text.length < atLeast) return setOptions(null);
    const found = await load(text);
    if (turn !== asked.current) return;
    setOptions(found);
    setActive(Math.max(0, found.findIndex((option) => option.value === shown?.value)));
  };
  const show = () => { if (!open) { setOpen(true); setTyped(""); search(""); } };
  // Nothing is looked for any more: the form may be gone before it is found.
  const hide = () => { clearTimeout(timer.current); asked.current++; setOpen(false); };
  const take = async (option) => {
    if (!option) return;
    if (many) {
      if (typed) { setTyped(""); search(""); }
      return choose(option);
    }
    hide();
    setMine(option);
    if ((await choose(option))?.error) setMine(null);
  };
  useLayoutEffect(() => setMine(null), [selected?.value]);
  useLayoutEffect(() => {
    if (open) list.current?.scrollIntoView({ block: "nearest" });
  }, [open, options]);
  useLayoutEffect(() => {
    if (open) list.current?.children[active]?.scrollIntoView({ block: "nearest" });
  }, [active]);

  const onInput = (event) => {
    setOpen(true);
    setTyped(event.target.value);
    clearTimeout(timer.current);
    const text = event.target.value;
    timer.current = setTimeout(() => search(text), REST);
  };
  const onKeyDown = (event) => {
    const count = options?.length ?? 0;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return show();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (count) setActive((active + step + count) % count);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (open) take(options?.[active]); else show();
    } else if (event.key === "Backspace" && many?.length && !event.target.value) {
      choose(many.at(-1));
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      event.stopPropagation();
      hide();
    }
  };
  const item = (option, index) => html`
    <li role="option" id=${`${listId}-${index}`} key=${option.value} data-value=${option.value} class=${classes(index === active && "active")}
      aria-selected=${String(isChosen(option))}
      onMouseDown=${(event) => { event.preventDefault(); if (!many) take(option); }} onClick=${() => many && take(option)} onMouseMove=${() => setActive(index)}>
      ${option.text}${option.description && html`<small>${option.description}</small>`}
    </li>`;
  const nothing = options ? "Nothing found" : typed.length < atLeast ? `Type at least ${atLeast} letters` : "Loading…";
  return html`
    <div class="picker">
      <input type="text" role="combobox" ...${named} autocomplete="off" spellcheck=${false} placeholder=${shown?.text ?? placeholder}
        class=${classes(shown && "chosen")} value=${open ? typed : shown?.text ?? ""}
        aria-expanded=${String(open)} aria-controls=${listId} aria-autocomplete="list"
        aria-activedescendant=${open && options?.length ? `${listId}-${active}` : null}
        onClick=${show} onInput=${onInput} onKeyDown=${onKeyDown} onBlur=${hide} />
      <ul role="listbox" id=${listId} ref=${list} aria-multiselectable=${many ? "true" : null} aria-label=${named["aria-label"] ?? "Options"} hidden=${!open}>
        ${open && (options?.length ? options.map(item) : html`<li class="none" role="option" aria-disabled="true" aria-selected="false">${nothing}</li>`)}
      </ul>
    </div>`;
}
