// Block Kit and mrkdwn to DOM. Text only ever becomes text nodes: nothing a
// person or the bot writes is taken for HTML.

export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== ""));
  return node;
}

const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const EMOJI = {
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", no_entry: "⛔", no_entry_sign: "🚫", warning: "⚠️",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", rocket: "🚀", tada: "🎉", gear: "⚙️", bell: "🔔", lock: "🔒",
  bucket: "🪣", alarm_clock: "⏰", wastebasket: "🗑️", eyes: "👀", bulb: "💡", rotating_light: "🚨", link: "🔗",
  question: "❓", exclamation: "❗", arrows_counterclockwise: "🔄", raised_hand: "✋", wave: "👋", package: "📦",
};
const withEmoji = (text) => text.replace(/:([a-z0-9_+-]+):/g, (all, name) => EMOJI[name] ?? all);

/** Slack's mrkdwn. `names` finds the name of a user or channel id. */
export function mrkdwn(text, names) {
  if (text.includes("```")) return spans(text, names);
  const out = [];
  let quote = [];
  const endQuote = () => { if (quote.length) { out.push(el("blockquote", {}, spans(quote.join("\n"), names))); quote = []; } };
  let plain = [];
  const endPlain = () => { if (plain.length) { out.push(el("span", {}, spans(plain.join("\n"), names))); plain = []; } };
  for (const line of text.split("\n")) {
    const quoted = line.match(/^(?:&gt;|>) ?(.*)$/);
    if (quoted) { endPlain(); quote.push(quoted[1]); } else { endQuote(); plain.push(line); }
  }
  endPlain();
  endQuote();
  return out;
}

const SPAN = new RegExp([
  "```([\\s\\S]+?)```", "`([^`\\n]+)`", "<([^<>]+)>",
  "(?<![\\w*])\\*(?=\\S)([^*\\n]+?)(?<=\\S)\\*(?![\\w*])",
  "(?<![\\w_])_(?=\\S)([^_\\n]+?)(?<=\\S)_(?![\\w_])",
  "(?<![\\w~])~(?=\\S)([^~\\n]+?)(?<=\\S)~(?![\\w~])",
].join("|"), "g");

function spans(text, names) {
  const out = [];
  let end = 0;
  for (const match of text.matchAll(SPAN)) {
    out.push(lines(text.slice(end, match.index)));
    const [all, fence, code, angle, bold, italic, strike] = match;
    if (fence != null) out.push(el("pre", {}, unescape(fence.replace(/^\n/, ""))));
    else if (code != null) out.push(el("code", {}, unescape(code)));
    else if (angle != null) out.push(special(angle, names));
    else if (bold != null) out.push(el("strong", {}, spans(bold, names)));
    else if (italic != null) out.push(el("em", {}, spans(italic, names)));
    else out.push(el("s", {}, spans(strike, names)));
    end = match.index + all.length;
  }
  out.push(lines(text.slice(end)));
  return out;
}

function lines(text) {
  return text.split("\n").flatMap((line, index) => [index ? el("br") : null, withEmoji(unescape(line))]);
}

/** What stands in `<…>`: a mention, a date, a link. */
function special(inside, names) {
  const [target, label] = inside.split(/\|(.*)/s);
  const mention = (text) => el("span", { class: "mention" }, text);
  if (target.startsWith("@")) return mention("@" + names(target.slice(1)));
  if (target.startsWith("#")) return mention("#" + names(target.slice(1)));
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!")) return mention("@" + (label ?? target.slice(1).split("^")[0]));
  return link(unescape(target), label ? unescape(label) : unescape(target));
}

function link(url, label) {
  if (!/^(https?:|mailto:)/i.test(url)) return label;
  return el("a", { href: url, target: "_blank", rel: "noreferrer" }, label);
}

function date(target, fallback) {
  const [, seconds, format, url] = target.split("^");
  const when = new Date(Number(seconds) * 1000);
  if (Number.isNaN(when.getTime()) || !format) return fallback ?? "";
  const as = (options) => when.toLocaleString(undefined, options);
  const text = format.replace(/\{(\w+)\}/g, (all, token) => ({
    date_num: when.toISOString().slice(0, 10),
    date: as({ dateStyle: "long" }), date_pretty: as({ dateStyle: "long" }), date_long: as({ dateStyle: "full" }),
    date_long_pretty: as({ dateStyle: "full" }), date_short: as({ dateStyle: "medium" }),
    date_short_pretty: as({ dateStyle: "medium" }), time: as({ timeStyle: "short" }), time_secs: as({ timeStyle: "medium" }),
    ago: `${Math.round((Date.now() - when) / 60000)} min ago`,
  })[token] ?? all);
  return url ? link(url, text) : el("time", { datetime: when.toISOString(), title: fallback }, text);
}

/** A text object. */
export function text(object, names) {
  if (!object) return [];
  return object.type === "mrkdwn" ? mrkdwn(object.text, names) : lines(object.emoji === false ? object.text : withEmoji(object.text));
}

/**
 * One block. `surface` says how its elements act: `names(id)`, `people`,
 * `values`, `errors`, and `button(element)`, `change(element, value)`,
 * `options(element, typed)`.
 */
export function block(b, surface) {
  const { names } = surface;
  const box = (...children) => el("div", { class: `block ${b.type}` }, children);
  const element = (e, label) => interactive(e, b, surface, label);
  switch (b.type) {
    case "divider": return box(el("hr"));
    case "header": return box(text(b.text, names));
    case "section": return box(
      el("div", {}, text(b.text, names)),
      b.fields ? el("div", { class: "fields" }, b.fields.map((field) => el("div", {}, text(field, names)))) : null,
      b.accessory ? element(b.accessory) : null,
    );
    case "context": return box(b.elements.map((e) => e.type === "image" ? image(e) : el("span", {}, text(e, names))));
    case "actions": return box(b.elements.map((e) => element(e)));
    case "input": {
      const id = `field-${surface.id}-${b.block_id}`;
      const error = surface.errors?.[b.block_id];
      return box(
        el("label", { for: id }, text(b.label, names), b.optional ? el("span", { class: "quiet" }, " (optional)") : null),
        interactive(b.element, b, { ...surface, fieldId: id }, b.label.text),
        error ? el("p", { class: "error", role: "alert" }, error) : null,
        b.hint ? el("p", { class: "quiet" }, text(b.hint, names)) : null,
      );
    }
    case "image": return box(image(b));
    case "rich_text": return box(b.elements.map((e) => richText(e, names)));
    case "markdown": return box(lines(b.text));
    case "plan": return box(el("strong", {}, b.title), el("ul", {}, (b.tasks ?? []).map((task) => el("li", {}, STATUS[task.status] ?? "", " ", task.title))));
    case "task_card": return box(STATUS[b.status] ?? "", " ", b.title);
    default: return box(b.text ? text(b.text, names) : el("span", { class: "quiet" }, `(${b.type})`));
  }
}

const STATUS = { pending: "○", in_progress: "◐", complete: "●", error: "✕" };
const image = (b) => el("span", { class: "quiet" }, `[image: ${b.alt_text}]`);

function richText(e, names) {
  const inner = (e.elements ?? []).map((part) => {
    switch (part.type) {
      case "text": {
        const style = part.style ?? {};
        const tag = style.code ? "code" : style.bold ? "strong" : style.italic ? "em" : style.strike ? "s" : "span";
        return el(tag, {}, part.text.split("\n").flatMap((line, index) => [index ? el("br") : null, line]));
      }
      case "link": return link(part.url, part.text ?? part.url);
      case "user": return el("span", { class: "mention" }, "@" + names(part.user_id));
      case "channel": return el("span", { class: "mention" }, "#" + names(part.channel_id));
      case "emoji": return EMOJI[part.name] ?? `:${part.name}:`;
      default: return richText(part, names);
    }
  });
  switch (e.type) {
    case "rich_text_preformatted": return el("pre", {}, inner);
    case "rich_text_quote": return el("blockquote", {}, inner);
    case "rich_text_list": return el(e.style === "ordered" ? "ol" : "ul", {}, inner.map((item) => el("li", {}, item)));
    default: return el("div", {}, inner);
  }
}

/** A button, select or input. */
function interactive(e, b, surface, label) {
  const value = surface.values?.[b.block_id]?.[e.action_id] ?? {};
  const key = { id: surface.fieldId, "data-key": `${surface.id}/${b.block_id}/${e.action_id}` };
  const named = surface.fieldId ? key : { ...key, "aria-label": label ?? e.placeholder?.text ?? e.action_id };
  const change = (event) => surface.change(e, event.target.value, event.target);
  const option = (o, chosen) => el("option", { value: o.value, selected: o.value === chosen }, o.text.text);
  const none = () => el("option", { value: "" }, e.placeholder?.text ?? "Choose…");
  switch (e.type) {
    case "button": return el("button", {
      type: "button", class: e.style, ...key, onclick: (event) => surface.button(e, event.currentTarget),
    }, text(e.text, surface.names));
    case "plain_text_input": return el(e.multiline ? "textarea" : "input", {
      ...named, maxlength: e.max_length, placeholder: e.placeholder?.text, rows: e.multiline ? 4 : null,
      value: e.multiline ? null : value.value, "data-action": e.action_id, "data-sent": value.value ?? "",
      autofocus: e.focus_on_load, onchange: change,
    }, e.multiline ? value.value : null);
    case "static_select": case "overflow": case "radio_buttons": {
      const chosen = value.selected_option?.value;
      return el("select", { ...named, onchange: change }, none(),
        (e.options ?? []).map((o) => option(o, chosen)),
        (e.option_groups ?? []).map((group) => el("optgroup", { label: group.label.text }, group.options.map((o) => option(o, chosen)))));
    }
    case "users_select": return el("select", { ...named, onchange: change }, none(), surface.people.map((person) =>
      el("option", { value: person.id, selected: person.id === value.selected_user }, person.real_name)));
    case "external_select": return externalSelect(e, value.selected_option, named, none, option, surface, change);
    case "image": return image(e);
    default: return el("span", { class: "quiet" }, `(${e.type})`);
  }
}

/** A search box beside a select that the bot fills. */
function externalSelect(e, chosen, named, none, option, surface, change) {
  const select = el("select", { ...named, onchange: change }, none(), chosen ? option(chosen, chosen.value) : null);
  let wait;
  let asked = 0;
  const load = async (typed) => {
    if (typed.length < (e.min_query_length ?? 3)) return;
    const mine = ++asked;
    const options = await surface.options(e, typed);
    if (mine !== asked) return;
    const current = select.value;
    select.replaceChildren(none(), ...options.map((o) => option(o, current)));
  };
  const search = el("input", {
    type: "search", placeholder: "Search", "aria-label": `Search: ${e.placeholder?.text ?? e.action_id}`,
    onfocus: () => load(search.value),
    oninput: () => { clearTimeout(wait); wait = setTimeout(() => load(search.value), 250); },
  });
  if ((e.min_query_length ?? 3) === 0) load("");
  return el("div", { class: "search" }, search, select);
}
