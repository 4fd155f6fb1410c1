//! What a request's bucket is called: a name that is readable, short enough for S3, and
//! the request's own.

/// The longest name of an S3 bucket (Amazon S3 user guide, "Bucket naming rules").
const BUCKET_NAME_MAX: usize = 63;
/// The most of what comes last that room is kept for.
const LAST_MAX: usize = 55;
/// Of the request's suffix that much is there beside a part.
const SUFFIX_BESIDE_A_PART: usize = 14;

/// `app-<application>-<team>-<suffix>`: lower case, at most 63 characters, with
/// the request's `suffix` whole so that two requests never share a name.
pub fn bucket_name(application: &str, team: &str, suffix: &str) -> String {
    named(application, team, &slug(suffix))
}

/// The same of a part of a request, with the part's ID behind it: at most 63 characters where
/// that has at most 40.
pub fn bucket_name_of_part(application: &str, team: &str, suffix: &str, part: &str) -> String {
    let mut suffix = slug(suffix);
    // Of a suffix that somebody else gave, room is left for the part.
    suffix.truncate(SUFFIX_BESIDE_A_PART);
    named(application, team, &format!("{}-{}", suffix.trim_end_matches('-'), slug(part)))
}

fn named(application: &str, team: &str, last: &str) -> String {
    let room = BUCKET_NAME_MAX.saturating_sub("app-".len() + last.len().min(LAST_MAX) + 1);
    let mut middle = slug(&format!("{application}-{team}"));
    middle.truncate(room);
    format!("app-{}-{last}", middle.trim_end_matches('-'))
}

/// Lower-case letters, digits and single hyphens of `text`, nothing else.
fn slug(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else if !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_name_is_readable_short_and_the_requests_own() {
        assert_eq!(bucket_name("checkout", "payments", "7f3a9c"), "app-checkout-payments-7f3a9c");

        let long = bucket_name(&"a".repeat(40), &"Team Ünion_".repeat(9), "7f3a9c0011");
        assert!(long.len() <= 63, "{long}");
        assert!(long.ends_with("-7f3a9c0011"), "{long}");
        assert!(long.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{long}");
    }

    #[test]
    fn the_bucket_of_a_part_has_the_part_behind_it() {
        let of = |part: &str| bucket_name_of_part("checkout", "payments", "7f3a9c0011", part);
        assert_eq!(of("assets"), "app-checkout-payments-7f3a9c0011-assets");
        let long = bucket_name_of_part(&"a".repeat(40), "payments", "7f3a9c0011", &"p".repeat(40));
        assert_eq!(long.len(), 63, "{long}");
        assert!(long.starts_with("app-aaaa") && long.ends_with(&format!("-7f3a9c0011-{}", "p".repeat(40))), "{long}");
    }
}
