// The guided tour: five steps from the command to the bucket. Each step is done
// by doing it; the tour sees that in the workspace and goes on by itself.
import { html, useEffect } from "/sim/html.js";
import { prefer, store } from "/sim/store.js";

const requests = () => store.panel?.requests ?? [];
const modalOf = () => Object.values(store.state.viewers).some((viewer) => viewer.modals.length);
const isBuilding = (request) => request.builds;

const STEPS = [
  {
    title: "Ask", isDone: () => modalOf() || requests().length > 0,
    text: "You are Alice. Type /provision checkout into the message box and press Enter: the bot opens a form.",
  },
  {
    title: "Fill in the form", isDone: () => requests().length > 0,
    text: "Choose the team Payments, Bob as the one who decides and what it shall be, and send it. Behind the request now stands one Temporal workflow.",
  },
  {
    title: "Decide", isDone: () => requests().some(isBuilding),
    text: "Become Bob with the button at the top, and open his direct message from provision-bot. Choose a region and a profile, look at the plan if there is one, and approve.",
  },
  {
    title: "Watch it being built", isDone: () => requests().some((request) => request.status === "completed"),
    text: "Open the thread of the message in #deploys: each step of the provisioner appears there as it happens.",
  },
  {
    title: "Look underneath", isDone: () => false,
    text: "Press Underneath: what was built as AWS reports it, the workflow's timeline, every message between Slack and the bot. Then pull a plug, and ask again.",
  },
];

export function Tour({ step }) {
  const { title, text, isDone } = STEPS[step];
  const done = isDone();
  useEffect(() => { if (done && step < STEPS.length - 1) prefer({ tour: step + 1 }); }, [done, step]);
  const isLast = step === STEPS.length - 1;
  return html`
    <aside class="tour" aria-label="Guided tour">
      <p class="quiet" aria-hidden="true">${STEPS.map((_, index) => index <= step ? "●" : "○").join(" ")}</p>
      <div aria-live="polite"><h2>${step + 1} of ${STEPS.length}: ${title}</h2><p>${text}</p></div>
      <footer>
        <button type="button" onClick=${() => prefer({ tour: "done" })}>${isLast ? "Finish" : "Skip the tour"}</button>
        ${!isLast && html`<button type="button" onClick=${() => prefer({ tour: step + 1 })}>Next</button>`}
      </footer>
    </aside>`;
}
