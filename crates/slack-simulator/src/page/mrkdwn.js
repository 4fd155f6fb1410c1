// Slack's text: mrkdwn, plain text with emoji, rich text.
import { html } from "/sim/html.js";
import { nameOf } from "/sim/store.js";

const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const EMOJI = {
  white_check_mark: "✅", heavy_check_mark: "✔️", x: "❌", no_entry: "⛔", no_entry_sign: "🚫", warning: "⚠️",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", rocket: "🚀", tada: "🎉", gear: "⚙️", bell: "🔔", lock: "🔒",
  bucket: "🪣", alarm_clock: "⏰", wastebasket: "🗑️", eyes: "👀", bulb: "💡", rotating_light: "🚨", link: "🔗",
  question: "❓", exclamation: "❗", arrows_counterclockwise: "🔄", raised_hand: "✋", wave: "👋", package: "📦",
};
const withEmoji = (text) => text.replace(/:([a-z0-9_+-]+):/g, (all, name) => EMOJI[name] ?? all);

/** A text object: `plain_text` or `mrkdwn`. */
export function text(object) {
  if (!object) return null;
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  return lines(object.emoji === false ? object.text : withEmoji(object.text));
}

export function mrkdwn(source) {
  if (source.includes("```")) return spans(source);
  const out = [];
  for (const line of source.split("\n")) {
    const quoted = line.match(/^(?:&gt;|>) ?(.*)$/);
    const kind = quoted ? "blockquote" : "span";
    if (out.at(-1)?.kind !== kind) out.push({ kind, lines: [] });
    out.at(-1).lines.push(quoted ? quoted[1] : line);
  }
  return out.map(({ kind, lines: inside }) => html`<${kind}>${spans(inside.join("\n"))}<//>`);
}

const SPAN = new RegExp([
  "```([\\s\\S]+?)```", "`([^`\\n]+)`", "<([^<>]+)>",
  "(?<![\\w*])\\*(?=\\S)([^*\\n]+?)(?<=\\S)\\*(?![\\w*])",
  "(?<![\\w_])_(?=\\S)([^_\\n]+?)(?<=\\S)_(?![\\w_])",
  "(?<![\\w~])~(?=\\S)([^~\\n]+?)(?<=\\S)~(?![\\w~])",
].join("|"), "g");

function spans(source) {
  const out = [];
  let end = 0;
  for (const match of source.matchAll(SPAN)) {
    out.push(lines(withEmoji(unescape(source.slice(end, match.index)))));
    const [all, fence, code, angle, bold, italic, strike] = match;
    if (fence != null) out.push(html`<pre>${unescape(fence.replace(/^\n/, ""))}</pre>`);
    else if (code != null) out.push(html`<code>${unescape(code)}</code>`);
    else if (angle != null) out.push(special(angle));
    else if (bold != null) out.push(html`<strong>${spans(bold)}</strong>`);
    else if (italic != null) out.push(html`<em>${spans(italic)}</em>`);
    else out.push(html`<s>${spans(strike)}</s>`);
    end = match.index + all.length;
  }
  out.push(lines(withEmoji(unescape(source.slice(end)))));
  return out;
}

const lines = (source) => source.split("\n").map((line, index) => index ? [html`<br />`, line] : line);

const mention = (name) => html`<span class="mention">${name}</span>`;

/** What stands in `<…>`: a mention, a date, a link. */
function special(inside) {
  const [target, label] = inside.split(/\|(.*)/s);
  if (target.startsWith("@")) return mention("@" + nameOf(target.slice(1)));
  if (target.startsWith("#")) return mention("#" + nameOf(target.slice(1)));
  if (target.startsWith("!date^")) return date(target, label);
  if (target.startsWith("!")) return mention("@" + (label ?? target.slice(1).split("^")[0]));
  return link(unescape(target), unescape(label ?? target));
}

function link(url, label) {
  if (!/^(https?:|mailto:)/i.test(url)) return label;
  return html`<a href=${url} target="_blank" rel="noreferrer">${label}</a>`;
}

function date(target, fallback) {
  const [, seconds, format, url] = target.split("^");
  const when = new Date(Number(seconds) * 1000);
  if (Number.isNaN(when.getTime()) || !format) return fallback ?? "";
  const as = (options) => when.toLocaleString(undefined, options);
  const shown = format.replace(/\{(\w+)\}/g, (all, token) => ({
    date_num: when.toISOString().slice(0, 10),
    date: as({ dateStyle: "long" }), date_pretty: as({ dateStyle: "long" }), date_long: as({ dateStyle: "full" }),
    date_long_pretty: as({ dateStyle: "full" }), date_short: as({ dateStyle: "medium" }),
    date_short_pretty: as({ dateStyle: "medium" }), time: as({ timeStyle: "short" }), time_secs: as({ timeStyle: "medium" }),
    ago: `${Math.round((Date.now() - when) / 60000)} min ago`,
  })[token] ?? all);
  return url ? link(url, shown) : html`<time datetime=${when.toISOString()} title=${fallback}>${shown}</time>`;
}

/** An element of a `rich_text` block. */
export function richText(e) {
  const inner = (e.elements ?? []).map(part);
  switch (e.type) {
    case "rich_text_preformatted": return html`<pre>${inner}</pre>`;
    case "rich_text_quote": return html`<blockquote>${inner}</blockquote>`;
    case "rich_text_list": return html`<${e.style === "ordered" ? "ol" : "ul"}>${inner.map((item) => html`<li>${item}</li>`)}<//>`;
    default: return html`<div>${inner}</div>`;
  }
}

function part(e) {
  switch (e.type) {
    case "text": {
      const style = e.style ?? {};
      const tag = style.code ? "code" : style.bold ? "strong" : style.italic ? "em" : style.strike ? "s" : "span";
      return e.text ? html`<${tag}>${lines(e.text)}<//>` : null;
    }
    case "link": return link(e.url, e.text ?? e.url);
    case "user": return mention("@" + nameOf(e.user_id));
    case "channel": return mention("#" + nameOf(e.channel_id));
    case "emoji": return EMOJI[e.name] ?? `:${e.name}:`;
    default: return richText(e);
  }
}
