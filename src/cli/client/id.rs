//! [`Id`]: the ID of a request or of a lease, as it is typed and as it is part of an
//! address.

use std::fmt;
use std::str::FromStr;

/// What a lease's ID has behind that of its request.
const LEASE: &str = ".lease";
/// Longer than any there is.
const LENGTH_MAX: usize = 255;

/// An ID that may be part of an address as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id(String);

impl Id {
    pub(super) fn is_of_a_lease(&self) -> bool {
        self.0.ends_with(LEASE)
    }

    /// Where it is in the API.
    pub(super) fn path(&self) -> String {
        match self.is_of_a_lease() {
            true => format!("/leases/{self}"),
            false => format!("/requests/{self}"),
        }
    }

    /// The ID of the lease of this request; of a lease, itself.
    pub(super) fn lease(&self) -> Self {
        if self.is_of_a_lease() { self.clone() } else { Self(format!("{self}{LEASE}")) }
    }
}

impl FromStr for Id {
    type Err = &'static str;

    fn from_str(typed: &str) -> Result<Self, Self::Err> {
        let id = typed.trim();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let fits = (1..=LENGTH_MAX).contains(&id.len()) && id.starts_with(|c: char| c.is_ascii_alphanumeric());
        match fits && id.chars().all(allowed) {
            true => Ok(Self(id.to_owned())),
            false => Err("expected an ID such as checkout-7f3a9c0011"),
        }
    }
}

/// Of a request alone.
pub(super) fn of_request(typed: &str) -> Result<Id, &'static str> {
    let id: Id = typed.parse()?;
    match id.is_of_a_lease() {
        true => Err("that is the ID of a lease, expected that of a request: without \".lease\""),
        false => Ok(id),
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_leads_nowhere_else() {
        for typed in ["", " ", ".", "..", "../leases/x", "a/b", "a?b", "a#b", "a%2fb", "-x", "ü", &"a".repeat(300)] {
            assert!(typed.parse::<Id>().is_err(), "{typed:?}");
        }
        let id: Id = " checkout-7f3a9c0011\n".parse().expect("an ID");
        assert_eq!(id.path(), "/requests/checkout-7f3a9c0011");
    }

    #[test]
    fn a_request_leads_to_its_lease() {
        let id: Id = "checkout-7f3a9c0011".parse().expect("an ID");
        let lease = id.lease();
        assert_eq!(lease.path(), "/leases/checkout-7f3a9c0011.lease");
        assert_eq!(lease.lease(), lease);
        assert_eq!(of_request("checkout-7f3a9c0011"), Ok(id));
        assert!(of_request("checkout-7f3a9c0011.lease").is_err());
    }
}
