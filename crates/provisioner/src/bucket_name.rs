//! What a request's bucket is called: a name that is readable, short enough for S3, and
//! the request's own.

/// The longest name of an S3 bucket (Amazon S3 user guide, "Bucket naming rules").
const BUCKET_NAME_MAX: usize = 63;
/// The most of a suffix that room is kept for.
const SUFFIX_MAX: usize = 32;

/// `app-<application>-<team>-<suffix>`: lower case, at most 63 characters, with
/// the request's `suffix` whole so that two requests never share a name.
pub fn bucket_name(application: &str, team: &str, suffix: &str) -> String {
    let suffix = slug(suffix);
    let room = BUCKET_NAME_MAX - "app-".len() - suffix.len().min(SUFFIX_MAX) - 1;
    let mut middle = slug(&format!("{application}-{team}"));
    middle.truncate(room);
    format!("app-{}-{suffix}", middle.trim_end_matches('-'))
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
}
