// What the client itself finds wrong with a field, before anything is sent.

/** How an element tells the workspace what was put into it. */
export const verb = (e) => {
  if (e.type.endsWith("_input")) return "fill";
  return e.type === "checkboxes" || e.type.startsWith("multi_") ? "check" : "choose";
};

/** What is to be sent with it. */
export const sent = (value) => Array.isArray(value) ? { values: value } : { value };

const REQUIRED = "Please complete this required field.";
const NUMBER = /^-?\d+(\.\d+)?$/;

/** What is wrong with what was typed into an element, if anything is. */
export function mistake(e, typed) {
  if (!typed) return null;
  if (e.type === "plain_text_input") {
    return [...typed].length < (e.min_length ?? 0) ? `Please enter at least ${e.min_length} characters.` : null;
  }
  if (e.type !== "number_input") return null;
  if (!NUMBER.test(typed)) return "Please enter a number.";
  if (!e.is_decimal_allowed && typed.includes(".")) return "Please enter a whole number.";
  if (e.min_value && Number(typed) < Number(e.min_value)) return `Please enter ${e.min_value} or more.`;
  if (e.max_value && Number(typed) > Number(e.max_value)) return `Please enter ${e.max_value} or less.`;
  return null;
}

/** What the workspace has of an element: a text, an option, a list, or nothing. */
export const inside = (value = {}) => Object.entries(value).find(([name]) => name !== "type")?.[1];

/** What is wrong with what an input block holds, if anything is. */
export function problem(b, held) {
  const isEmpty = Array.isArray(held) ? !held.length : !held;
  if (isEmpty) return b.optional ? null : REQUIRED;
  return mistake(b.element, held);
}
