//! Names of objects, as lists tell them and as they are sent: a name is any text of up
//! to 1,024 bytes (S3 user guide, "Naming Amazon S3 objects"), but XML 1.0 cannot hold
//! every character ("Characters", production 2), not even escaped.
//!
//! So lists are asked for with `encoding-type=url`. Some servers ignore that for some
//! lists (moto 5.2 does) and put such characters into their XML as they are; the parser
//! then refuses the whole page. [`Mend`] escapes them before it sees them.

use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::SdkBody;
use aws_sdk_s3::types::EncodingType;
use http_body_util::BodyExt;
use hyper::body::Bytes;
use percent_encoding::percent_decode_str;

use crate::failure::Problem;

/// The name that a list tells, where the list says that it is encoded.
pub fn told(name: &str, encoding: Option<&EncodingType>) -> Result<String, Problem> {
    if encoding != Some(&EncodingType::Url) {
        return Ok(name.to_owned());
    }
    // As in a form: `+` is a space, a plus is %2B.
    let spaced = name.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    let unreadable = |_| Problem::Unusable(format!("S3 tells of an object whose name is no text: {name}"));
    Ok(decoded.map_err(unreadable)?.into_owned())
}

/// Whether a name can stand in XML, and comes out again as it went in. Whatever servers
/// are known to trim or to replace cannot.
pub fn fits_into_xml(name: &str) -> bool {
    name.trim() == name && !name.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{fffe}' | '\u{ffff}'))
}

/// Makes an answer readable whose XML holds what XML cannot.
#[derive(Debug)]
pub struct Mend;

impl Intercept for Mend {
    fn name(&self) -> &'static str {
        "Mend"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().take_body();
        let mut rest = Vec::new();
        let mended = body.map_frame(move |frame| frame.map_data(|data| Bytes::from(escape(&mut rest, &data))));
        *context.response_mut().body_mut() = SdkBody::from_body_1_x(mended);
        Ok(())
    }
}

/// The next piece of a text, with each character that XML cannot hold as a reference to
/// it, which is no XML either but is understood. `rest` keeps what may be the beginning
/// of one between two pieces; XML never ends with it.
fn escape(rest: &mut Vec<u8>, piece: &[u8]) -> Vec<u8> {
    let mut text = std::mem::take(rest);
    text.extend_from_slice(piece);
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.as_slice();
    while let Some(first) = bytes.first() {
        let (length, character) = match bytes {
            [0xef, 0xbf, last @ (0xbe | 0xbf), ..] => (3, Some(0xff40 + u32::from(*last))),
            [0xef] | [0xef, 0xbf] => {
                rest.extend_from_slice(bytes);
                break;
            }
            [control @ (..=0x08 | 0x0b..=0x0c | 0x0e..=0x1f), ..] => (1, Some(u32::from(*control))),
            _ => (1, None),
        };
        match character {
            Some(code) => out.extend_from_slice(format!("&#x{code:X};").as_bytes()),
            None => out.push(*first),
        }
        bytes = &bytes[length..];
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_the_list_says_that_it_is_written() {
        for (written, name) in [
            ("a%01b", "a\u{1}b"),
            ("c%0Bd", "c\u{b}d"),
            ("e%EF%BF%BEf", "e\u{fffe}f"),
            ("one+two%2Bthree", "one two+three"),
            ("one%20two", "one two"),
            ("100%25", "100%"),
            ("..%2F.", "../."),
            ("a//b/", "a//b/"),
            ("u%CC%88", "u\u{308}"),
            ("%C3%BC", "ü"),
            ("odd%zz", "odd%zz"),
        ] {
            assert_eq!(told(written, Some(&EncodingType::Url)).unwrap(), name, "{written}");
            assert_eq!(told(written, None).unwrap(), written, "not encoded");
            assert_eq!(told(written, Some(&EncodingType::from("rot13"))).unwrap(), written, "nothing known");
        }
        assert!(told("%FF%FE", Some(&EncodingType::Url)).is_err(), "no text");
    }

    #[test]
    fn only_what_comes_out_of_xml_as_it_went_in_goes_there() {
        for name in ["a", "a/b//c", "..", "ü & <b>", "100% + more", "two  spaces", "\u{308}", "\u{1f642}"] {
            assert!(fits_into_xml(name), "{name:?}");
        }
        for name in [
            "a\u{1}b",
            "\u{0}",
            "a\u{b}",
            "a\tb",
            "a\nb",
            "a\rb",
            "\u{7f}",
            "\u{85}",
            "\u{2028}x",
            "\u{fffe}",
            "x\u{ffff}",
            " a",
            "a ",
        ] {
            assert!(!fits_into_xml(name), "{name:?}");
        }
    }

    #[test]
    fn what_xml_cannot_hold_is_escaped_wherever_the_pieces_end() {
        let text = "<Key>a\u{1}b\u{b}\u{1f}\u{fffe}\u{ffff}\u{fffd}ü\t\r\n</Key>".as_bytes();
        let expected = "<Key>a&#x1;b&#xB;&#x1F;&#xFFFE;&#xFFFF;\u{fffd}ü\t\r\n</Key>";
        for size in 1..text.len() {
            let mut rest = Vec::new();
            let mended: Vec<u8> = text.chunks(size).flat_map(|piece| escape(&mut rest, piece)).collect();
            assert_eq!(String::from_utf8(mended).unwrap(), expected, "in pieces of {size}");
            assert!(rest.is_empty());
        }
    }
}
