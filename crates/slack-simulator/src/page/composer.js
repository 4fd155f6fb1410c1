// The message box. It knows the app's command, and completes it.
import { html, classes, useId, useRef, useState } from "/sim/html.js";
import { act, store, toast } from "/sim/store.js";

export function Composer({ user, channel, thread, title }) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const id = useId();
  const box = useRef();
  const known = store.state.command.name;
  const completes = !thread && text.startsWith("/") && known.startsWith(text) && text !== known;
  const knows = !thread && (completes || text === known || text.startsWith(`${known} `));
  const complete = () => { setText(`${known} `); box.current.focus(); };

  const send = async (event) => {
    event?.preventDefault();
    const said = text.trim();
    if (!said || busy) return;
    const [, command, rest] = said.match(/^(\/\S+)\s*(.*)$/s) ?? [];
    if (command && thread) return toast(`${command} is not supported in threads.`);
    if (command && !channel) return toast("There is no conversation with the app yet: run the command in a channel.");
    setBusy(true);
    setText("");
    await act(user, command ? { do: "command", channel, command, text: rest } : { do: "say", channel, text: said, thread_ts: thread });
    setBusy(false);
  };
  const onKeyDown = (event) => {
    if (completes && (event.key === "Tab" || event.key === "Enter")) {
      event.preventDefault();
      complete();
    } else if (event.key === "Enter" && !event.shiftKey) {
      send(event);
    } else if (event.key === "Escape" && knows) {
      event.preventDefault();
      setText("");
    }
  };
  return html`
    <form class="composer" onSubmit=${send}>
      ${knows && html`
        <div class="suggestion" id=${`${id}-hint`}>
          <button type="button" tabindex="-1" class="suggest" onMouseDown=${(event) => event.preventDefault()} onClick=${complete}>
            <strong>${known}</strong> <span class="quiet">[application]</span>
            <small>${store.state.command.hint} ${completes ? "Tab or Enter completes it." : "Enter runs it."}</small>
          </button>
        </div>`}
      <div class="box">
        <textarea ref=${box} id=${id} rows="1" aria-label=${`Message ${title}`} aria-describedby=${knows ? `${id}-hint` : null}
          placeholder=${thread ? "Reply…" : `Message ${title}`} value=${text}
          onInput=${(event) => setText(event.target.value)} onKeyDown=${onKeyDown}></textarea>
        ${!thread && html`<button type="button" class="icon slash" title="Commands" aria-label="Start a command" onClick=${complete}>/</button>`}
        <button type="submit" class=${classes("send", text.trim() && "ready", busy && "busy")} aria-label="Send" aria-disabled=${text.trim() ? null : "true"}>➤</button>
      </div>
    </form>`;
}
