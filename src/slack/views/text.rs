//! Text that came from outside, made harmless before Slack sees it.
//!
//! Everything typed by a person, configured by an admin or answered by a
//! provisioner is a [`Text`]: without control characters, cut to a length. It is
//! shown literally where Slack reads literally (`plain_text`, rich text) and
//! escaped where Slack reads markup. What the bot itself says with markup in it
//! is a [`Markup`]. The two types keep them apart: formatting a `Text` into a
//! `Markup` escapes it.
//!
//! Escaping `&`, `<` and `>` is all Slack asks for: it disarms mentions, links
//! and `<!channel>`. It cannot disarm `*bold*`, so longer texts go where no
//! markup is read at all.

use std::fmt;

use crate::domain::visible::is_hidden;

/// What a text that was cut ends with.
const CUT: &str = "… (cut)";
/// Lines of a paragraph that are shown: a text of line breaks alone must not
/// push everything else off the screen.
const LINES_MAX: usize = 30;

/// Text from outside: clean, not empty, not too long. Displays itself escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(String);

/// Text with Slack's markup in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Markup(String);

impl Text {
    /// `text` on one line, of at most `max` characters; `None` if nothing is left.
    pub fn line(text: &str, max: usize) -> Option<Self> {
        let clean = clean(text, max);
        let words: Vec<_> = clean.split_whitespace().collect();
        Self::kept(&words.join(" "), max)
    }

    /// `text` with its line breaks, of at most `max` characters; `None` if
    /// nothing is left.
    pub fn paragraph(text: &str, max: usize) -> Option<Self> {
        let clean = clean(text, max);
        let mut lines: Vec<&str> = Vec::new();
        for line in clean.trim().lines().map(str::trim_end) {
            // One empty line is a pause, more are a hole.
            if !(line.is_empty() && lines.last().is_none_or(|last| last.is_empty())) {
                lines.push(line);
            }
        }
        if lines.len() > LINES_MAX {
            lines.truncate(LINES_MAX);
            let shown = lines.join("\n");
            return Self::kept(&format!("{}{CUT}", cut(&shown, max.saturating_sub(weight(CUT)))), max);
        }
        Self::kept(&lines.join("\n"), max)
    }

    /// Our own words.
    pub fn ours(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// `text` on one line, or a dash where something must be said.
    pub fn line_or_dash(text: &str, max: usize) -> Self {
        Self::line(text, max).unwrap_or_else(|| Self("–".into()))
    }

    /// The text as it is read where Slack reads no markup.
    pub fn literal(&self) -> &str {
        &self.0
    }

    fn kept(text: &str, max: usize) -> Option<Self> {
        let kept = cut(text, max);
        (!kept.trim().is_empty()).then_some(Self(kept))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(&self.0))
    }
}

impl Markup {
    /// Markup we wrote; whatever came from outside must have been a [`Text`].
    pub fn ours(markup: impl Into<String>) -> Self {
        Self(markup.into())
    }

    /// A sentence that may name people, for an answer that only one person sees:
    /// `<@U…>` stays a mention, all else is literal. Never for messages others
    /// read, where a typed mention would call somebody.
    pub fn sentence(text: &str, max: usize) -> Option<Self> {
        let text = Text::paragraph(text, max)?;
        let mut out = String::new();
        let mut rest = text.literal();
        while let Some(at) = rest.find("<@") {
            let (before, from) = rest.split_at(at);
            out.push_str(&escape(before));
            let id = from[2..].split('>').next().unwrap_or_default();
            if is_person(id) && from[2 + id.len()..].starts_with('>') {
                out.push_str(&from[..id.len() + 3]);
                rest = &from[id.len() + 3..];
            } else {
                out.push_str("&lt;@");
                rest = &from[2..];
            }
        }
        out.push_str(&escape(rest));
        Some(Self(out))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A mention of a person, or the bare text where an ID is none.
pub fn mention(id: &str) -> Markup {
    if is_person(id) { Markup(format!("<@{id}>")) } else { Markup(Text::line_or_dash(id, 40).to_string()) }
}

/// A link to a public or private channel; `None` for a DM or what is no channel.
pub fn channel(id: &str) -> Option<Markup> {
    is_id(id, &['C', 'G']).then(|| Markup(format!("<#{id}>")))
}

/// A link, if `url` is one that can be shown: `http(s)`, nothing that would end
/// the markup around it.
pub fn link(url: &str, label: &Text) -> Option<Markup> {
    const URL_MAX: usize = 1000;
    let harmless = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '|' | '"' | '\\' | '`');
    // As it is sent: escaped it is longer.
    let ok = escape(url).len() <= URL_MAX
        && (url.starts_with("https://") || url.starts_with("http://"))
        && url.chars().all(harmless);
    ok.then(|| Markup(format!("<{}|{}>", escape(url), label.to_string().replace('|', "¦"))))
}

/// A moment as every reader's own clock shows it: "today at 10:42".
pub fn moment(unix: i64) -> Markup {
    let Ok(utc) = jiff::Timestamp::from_second(unix) else {
        return Markup("the time limit".into());
    };
    let fallback = utc.strftime("%Y-%m-%d %H:%M UTC");
    Markup(format!("<!date^{unix}^{{date_short_pretty}} at {{time}}|{fallback}>"))
}

/// Could this be the ID of a person? A mention is made of nothing else.
pub fn is_person(id: &str) -> bool {
    is_id(id, &['U', 'W'])
}

fn is_id(id: &str, kinds: &[char]) -> bool {
    (2..=32).contains(&id.len())
        && id.starts_with(kinds)
        && id.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
}

/// `text` for a place where Slack reads markup.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            c => out.push(c),
        }
    }
    out
}

/// The start of `text` that fits into `max` characters, and says so if it is not
/// all. Never cuts inside what is seen as one character.
///
/// Characters are counted the way that is longest: escaped, and in UTF-16, as
/// Slack does not say how it counts.
pub fn cut(text: &str, max: usize) -> String {
    let fits = |room: usize| {
        let mut used = 0;
        text.char_indices()
            .find(|(_, c)| {
                used += weight_of(*c);
                used > room
            })
            .map_or(text.len(), |(at, _)| at)
    };
    if fits(max) == text.len() {
        return text.to_owned();
    }
    let mut end = fits(max.saturating_sub(weight(CUT)));
    while text[end..].starts_with(joins) || text[..end].ends_with('\u{200d}') {
        match text[..end].char_indices().next_back() {
            Some((at, _)) => end = at,
            None => break,
        }
    }
    format!("{}{CUT}", text[..end].trim_end())
}

/// The start of our own markup that fits into `max` characters. The last resort
/// against a message Slack would refuse: what goes in is bounded piece by piece,
/// so that this cuts nothing in practice. Cuts between words, so that no entity,
/// mention or link is left open; a moment has spaces in it and is left out whole.
pub fn cut_markup(markup: &str, max: usize) -> String {
    let length = |text: &str| text.chars().map(char::len_utf16).sum::<usize>();
    if length(markup) <= max {
        return markup.to_owned();
    }
    let room = max.saturating_sub(length(CUT) + 1);
    let mut used = 0;
    let mut end = 0;
    for (at, c) in markup.char_indices() {
        used += c.len_utf16();
        if used > room {
            break;
        }
        let open = markup[..at].rfind('<') > markup[..at].rfind('>');
        if c.is_whitespace() && !open {
            end = at;
        }
    }
    format!("{}{CUT}", &markup[..end])
}

/// How many characters `text` may count for Slack.
pub fn weight(text: &str) -> usize {
    text.chars().map(weight_of).sum()
}

fn weight_of(c: char) -> usize {
    match c {
        '&' => "&amp;".len(),
        '<' | '>' => "&lt;".len(),
        c => c.len_utf16(),
    }
}

/// Does `c` belong to the character before it?
fn joins(c: char) -> bool {
    matches!(c, '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{300}'..='\u{36f}' | '\u{20e3}')
}

/// `text` without what is not seen but changes how the rest is seen: control
/// characters, overrides of the reading direction, invisible fillers. Stops when
/// there is more to see than `max` characters: the rest would be cut anyway.
fn clean(text: &str, max: usize) -> String {
    let mut out = String::new();
    let mut seen = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' if chars.peek() == Some(&'\n') => {}
            '\r' | '\n' | '\u{2028}' | '\u{2029}' | '\u{b}' | '\u{c}' | '\u{85}' => out.push('\n'),
            '\t' => out.push(' '),
            c if c.is_control() || is_hidden(c) => {}
            c => {
                out.push(c);
                seen += if c.is_whitespace() { 0 } else { weight_of(c) };
                if seen > max {
                    break;
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_says_so_and_is_never_longer_than_asked() {
        for (text, max) in [
            ("short", 10),
            ("exactly ten", 11),
            (&"a".repeat(30_000), 75),
            (&"&".repeat(30_000), 75),
            (&"😀".repeat(30_000), 76),
            (&"\u{301}".repeat(30_000), 75),
            (&"👩‍👩‍👧‍👦".repeat(30_000), 75),
        ] {
            let kept = cut(text, max);
            assert!(weight(&kept) <= max, "{kept}");
            assert!(kept == text || kept.ends_with(CUT), "{kept}");
        }
        assert_eq!(cut("a 👩‍👩‍👧‍👦 b c d e f g", 18), "a… (cut)");
    }

    #[test]
    fn text_is_clean() {
        let line = |text| Text::line(text, 100).map(|text| text.literal().to_owned());
        for (typed, shown) in [
            ("  a\tb\r\nc ", Some("a b c")),
            ("a\0\u{7}\u{1b}[31mb", Some("a[31mb")),
            ("\u{202e}gnp.exe\u{202c}", Some("gnp.exe")),
            ("<!channel> & co", Some("<!channel> & co")),
            (" \u{200b}\n\0", None),
            ("", None),
        ] {
            assert_eq!(line(typed).as_deref(), shown, "{typed:?}");
        }
        assert_eq!(Text::line("<!channel> & co", 100).unwrap().to_string(), "&lt;!channel&gt; &amp; co");
    }

    #[test]
    fn a_paragraph_keeps_its_lines_within_reason() {
        let text = |typed: &str| Text::paragraph(typed, 200).unwrap().literal().to_owned();
        assert_eq!(text("\n a\r\n\r\n\r\n\r\n  b \n"), "a\n\n  b");
        let tall = text(&"x\n".repeat(500));
        assert_eq!(tall.lines().count(), LINES_MAX);
        assert!(tall.ends_with(CUT), "{tall}");
    }

    #[test]
    fn only_what_looks_like_an_id_is_a_mention() {
        assert_eq!(mention("U0ALICE").as_str(), "<@U0ALICE>");
        for odd in ["", "U", "u0alice", "U0|x>", "<!channel>", "S0GROUP", "U 1"] {
            assert!(!mention(odd).as_str().contains('<'), "{odd}");
        }
        assert_eq!(channel("C1").unwrap().as_str(), "<#C1>");
        assert_eq!(channel("D1"), None);
    }

    #[test]
    fn a_sentence_keeps_people_and_nothing_else() {
        for (text, shown) in [
            ("Only <@U2> can decide.", "Only <@U2> can decide."),
            ("<!channel> & <@U1|x> <@", "&lt;!channel&gt; &amp; &lt;@U1|x&gt; &lt;@"),
            ("<@U1", "&lt;@U1"),
            ("<@<@U1>>", "&lt;@<@U1>&gt;"),
        ] {
            assert_eq!(Markup::sentence(text, 100).unwrap().as_str(), shown);
        }
    }

    #[test]
    fn only_harmless_addresses_are_links() {
        let label = Text::ours("Open | it");
        assert_eq!(link("https://a.b/c?d=1&e=2", &label).unwrap().as_str(), "<https://a.b/c?d=1&amp;e=2|Open ¦ it>");
        for odd in ["javascript:alert(1)", "https://a|b", "https://a>b", "ftp://a", "https://a b", "", "https://ü"] {
            assert_eq!(link(odd, &label), None, "{odd}");
        }
    }

    #[test]
    fn markup_is_cut_between_words_and_never_inside_of_what_is_marked() {
        assert_eq!(cut_markup("<@U1> said it", 100), "<@U1> said it");
        let long = format!("<@U1> said {} &amp; more", moment(0));
        for max in 0..long.len() {
            let kept = cut_markup(&long, max);
            assert!(["… (cut)", "<@U1>… (cut)", "<@U1> said… (cut)"].contains(&kept.as_str()) || kept.contains("UTC>"));
        }
    }

    #[test]
    fn a_moment_is_told_in_the_readers_own_time() {
        assert_eq!(
            moment(1_795_514_400).as_str(),
            "<!date^1795514400^{date_short_pretty} at {time}|2026-11-24 10:00 UTC>"
        );
        assert_eq!(moment(i64::MAX).as_str(), "the time limit");
    }
}
