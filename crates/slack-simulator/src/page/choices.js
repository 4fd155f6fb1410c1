// Several things to choose from: boxes to tick, and a select that keeps what was chosen.
import { html, useId, useLayoutEffect, useRef, useState } from "/sim/html.js";
import { text } from "/sim/mrkdwn.js";
import { Picker } from "/sim/picker.js";

/** What is chosen, shown before the workspace confirms it; each change gives all the values. */
function useChosen(confirmed, give) {
  const [, draw] = useState(0);
  const mine = useRef(confirmed);
  const waiting = useRef(0);
  const show = (options) => { mine.current = options; draw((count) => count + 1); };
  // While something is under way, what comes back may be older than what is chosen.
  useLayoutEffect(() => { if (!waiting.current) show(confirmed); }, [confirmed.map((option) => option.value).join("\n")]);
  const choose = async (options) => {
    const before = mine.current;
    show(options);
    waiting.current++;
    const answer = await give(options.map((option) => option.value));
    waiting.current--;
    if (answer?.error && mine.current === options) show(before);
  };
  return [mine, choose];
}

const has = (options, value) => options.some((option) => option.value === value);
const without = (options, value) => options.filter((option) => option.value !== value);

/** Checkboxes, of which any number is chosen, or radio buttons, of which one is. */
export function Ticks({ e, named, field, chosen, give }) {
  const [mine, choose] = useChosen(chosen, give);
  const many = e.type === "checkboxes";
  const name = useId(); // the same message may be on the page twice
  const tick = (option, on) => choose(many ? [...without(mine.current, option.value), ...(on ? [option] : [])] : [option]);
  const { "aria-invalid": wrong, "data-first": first, ...group } = named;
  return html`
    <div role=${many ? "group" : "radiogroup"} class="ticks" ...${group} aria-labelledby=${field?.labelledBy}>
      ${e.options.map((option, index) => html`
        <label key=${option.value}>
          <input type=${many ? "checkbox" : "radio"} name=${name} data-value=${option.value} checked=${has(mine.current, option.value)}
            data-first=${index === 0 ? first : null} aria-invalid=${index === 0 ? wrong : null}
            onChange=${(event) => tick(option, event.target.checked)} />
          <span>${text(option.text)}${option.description && html`<small>${text(option.description)}</small>`}</span>
        </label>`)}
    </div>`;
}

/** A select of several: what is chosen stands above it, and goes with a click. */
export function Several({ named, placeholder, load, atLeast, most = Infinity, chosen, give }) {
  const [mine, choose] = useChosen(chosen, give);
  const box = useRef();
  const take = (option) => {
    if (has(mine.current, option.value)) choose(without(mine.current, option.value));
    else if (mine.current.length < most) choose([...mine.current, option]);
  };
  const drop = (option) => {
    take(option);
    box.current.querySelector("[role=combobox]").focus();
  };
  return html`
    <div class="several" ref=${box}>
      ${mine.current.length > 0 && html`
        <ul class="tokens" aria-label="Chosen">
          ${mine.current.map((option) => html`
            <li key=${option.value}>
              <button type="button" data-token=${option.value} aria-label=${`Remove ${option.text}`} onClick=${() => drop(option)}>
                ${option.text}<span aria-hidden="true"> ×</span>
              </button>
            </li>`)}
        </ul>`}
      <${Picker} named=${named} placeholder=${placeholder} load=${load} atLeast=${atLeast} many=${mine.current} choose=${take} />
      ${mine.current.length >= most && html`<p class="hint" role="status">No more than ${most} can be chosen.</p>`}
    </div>`;
}
