//! Numbers as people write them into a `number_input`, and as an app gives them in its
//! limits: `0.25`, `5.5`, `-10`.

/// A number, and how it was written.
#[derive(Debug, Clone)]
pub(crate) struct Number {
    value: f64,
    written: String,
}

impl Number {
    /// Digits, with a sign and decimals if there are any; nothing else is a number.
    pub(crate) fn read(text: &str) -> Option<Number> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let value = (all_digits(whole) && all_digits(decimals)).then(|| text.parse().ok())??;
        Some(Number { value, written: text.into() })
    }

    /// Written without decimals.
    pub(crate) fn is_whole(&self) -> bool {
        !self.written.contains('.')
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_with_a_sign_and_decimals() {
        for (text, whole) in
            [("0", true), ("007", true), ("-10", true), ("5.5", false), ("0.25", false), ("-1.0", false)]
        {
            assert_eq!(Number::read(text).map(|number| number.is_whole()), Some(whole), "{text}");
        }
        for text in ["", "-", "+1", "1e3", "1.", ".5", "1.2.3", "1,5", " 1", "inf", "NaN", "ten", "--1"] {
            assert_eq!(Number::read(text), None, "{text}");
        }
        let ordered = ["-10", "-9.5", "0", "2", "10", "10.01"].map(|text| Number::read(text).unwrap());
        assert!(ordered.is_sorted());
    }
}
