//! The policy of a bucket as a text that others write too: one statement of it is ours, by its
//! Sid, and all else stays as it is, to the byte.
//!
//! The statement denies everybody the use of what is in the bucket, the bucket's owner
//! included, and never the use of the policy: whoever is locked out of that has only the
//! account's root user left to mend it (S3 API reference, "PutBucketPolicy").

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::hindrance::Hindrance;

/// The Sid of the statement that is ours: no two of a policy have the same (S3 user guide,
/// "Bucket policy examples").
pub const SID: &str = "ProvisionBotAccess";

/// The longest policy, in bytes (S3 user guide, "Bucket policies": 20 KB).
const POLICY_MAX: usize = 20 * 1024;

/// What writes into a bucket: with `s3:PutObject` all of an upload and of a copy, with the
/// `Replicate…` what comes from another bucket's replication.
const WRITES: &[&str] = &["s3:PutObject", "s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"];
/// What takes something from it.
const DELETES: &[&str] = &["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload"];
/// What changes the tags of objects.
const TAGS: &[&str] =
    &["s3:PutObjectTagging", "s3:PutObjectVersionTagging", "s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"];
/// What reads an object.
const READS: &[&str] = &["s3:GetObject", "s3:GetObjectVersion"];
/// What tells the names of objects.
const LISTS: &[&str] = &["s3:ListBucket", "s3:ListBucketVersions"];

/// What the statement denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// To change anything.
    Changing,
    /// To use it at all.
    Using,
    /// To use it, but not to list and delete it: it is being emptied.
    UsingButEmptying,
}

impl Denied {
    const ALL: [Self; 3] = [Self::Changing, Self::Using, Self::UsingButEmptying];

    fn actions(self) -> Vec<&'static str> {
        let groups: &[&[&str]] = match self {
            Self::Changing => &[WRITES, DELETES, TAGS],
            Self::Using => &[WRITES, DELETES, TAGS, READS, LISTS],
            Self::UsingButEmptying => &[WRITES, TAGS, READS],
        };
        groups.concat()
    }

    /// The statement, about the bucket with this ARN.
    fn statement(self, arn: &str) -> Value {
        json!({
            "Sid": SID,
            "Effect": "Deny",
            "Principal": "*",
            "Action": self.actions(),
            "Resource": [arn, format!("{arn}/*")]
        })
    }
}

/// What the statement of a policy is found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// There is none.
    Nothing,
    /// It denies exactly this.
    Whole(Denied),
    /// It was changed, or there are several.
    Changed,
}

/// What is to be done about a policy.
#[derive(Debug, PartialEq, Eq)]
pub enum Edit {
    /// It is as it should be.
    Nothing,
    /// It is to be this text.
    Write(String),
    /// Nothing is left in it.
    Delete,
}

/// What the statement in `policy` denies in the bucket with this ARN.
pub fn find(policy: Option<&str>, arn: &str) -> Result<Found, Hindrance> {
    let Some(policy) = policy else { return Ok(Found::Nothing) };
    let statements = Statements::of(policy)?;
    let ours: Vec<&&str> = statements.each.iter().filter(|text| is_ours(text)).collect();
    Ok(match ours[..] {
        [] => Found::Nothing,
        [one] => Denied::ALL.into_iter().find(|denied| is(one, *denied, arn)).map_or(Found::Changed, Found::Whole),
        _ => Found::Changed,
    })
}

/// What makes `policy` deny this and nothing else by our statement; `None`: have none.
pub fn edit(policy: Option<&str>, denied: Option<Denied>, arn: &str) -> Result<Edit, Hindrance> {
    let wanted = denied.map_or(Found::Nothing, Found::Whole);
    if find(policy, arn)? == wanted {
        return Ok(Edit::Nothing);
    }
    let ours = denied.map(|denied| denied.statement(arn).to_string());
    let text = match policy {
        Some(policy) => Statements::of(policy)?.with(ours.as_deref()),
        None => ours.map(|ours| format!(r#"{{"Version":"2012-10-17","Statement":[{ours}]}}"#)),
    };
    match text {
        Some(text) => Ok(Edit::Write(fitting(text)?)),
        None => Ok(Edit::Delete),
    }
}

/// A text that S3 takes: without its blanks where they make it too long.
fn fitting(text: String) -> Result<String, Hindrance> {
    if text.len() <= POLICY_MAX {
        return Ok(text);
    }
    let dense = serde_json::from_str::<Value>(&text).map(|policy| policy.to_string()).unwrap_or(text);
    match dense.len() {
        ..=POLICY_MAX => Ok(dense),
        bytes => Err(Hindrance::policy_at_its_limit(bytes, POLICY_MAX)),
    }
}

fn is_ours(statement: &str) -> bool {
    serde_json::from_str::<Value>(statement).is_ok_and(|statement| statement["Sid"] == SID)
}

/// Whether a statement denies this and nothing else. AWS may write the same back in another
/// form: in another order, one value without a list, `{"AWS": "*"}` for everybody.
fn is(statement: &str, denied: Denied, arn: &str) -> bool {
    let Ok(found) = serde_json::from_str::<Value>(statement) else { return false };
    let wanted = denied.statement(arn);
    let everybody = found["Principal"] == "*" || found["Principal"]["AWS"] == "*";
    let members = found.as_object().map_or(0, serde_json::Map::len);
    members == 5
        && found["Effect"] == "Deny"
        && everybody
        && ["Action", "Resource"].iter().all(|key| texts(&found[key]) == texts(&wanted[key]))
}

/// The texts of a list, or of the one that stands without a list, in order.
fn texts(value: &Value) -> Vec<&str> {
    let mut texts: Vec<&str> = match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    };
    texts.sort_unstable();
    texts.dedup();
    texts
}

/// The statements of a policy, as parts of its text.
struct Statements<'a> {
    policy: &'a str,
    /// The value of `Statement`.
    all: &'a str,
    each: Vec<&'a str>,
}

#[derive(serde::Deserialize)]
struct Policy<'a> {
    #[serde(borrow, rename = "Statement")]
    statement: &'a RawValue,
}

impl<'a> Statements<'a> {
    fn of(policy: &'a str) -> Result<Self, Hindrance> {
        let read = |_| Hindrance::policy_does_not_read();
        let all = serde_json::from_str::<Policy<'a>>(policy).map_err(read)?.statement.get();
        let each = match all.starts_with('[') {
            true => {
                serde_json::from_str::<Vec<&'a RawValue>>(all).map_err(read)?.into_iter().map(RawValue::get).collect()
            }
            false => vec![all],
        };
        Ok(Self { policy, all, each })
    }

    /// The policy with this as the only statement of ours, behind all others; `None` if it then
    /// has no statement.
    fn with(&self, ours: Option<&str>) -> Option<String> {
        let (begin, end) = ("[", "]");
        let start = |part: &str| part.as_ptr().addr() - self.policy.as_ptr().addr();
        let stop = |part: &str| start(part) + part.len();
        let listed = self.all.starts_with('[');
        let (first, last) = match self.each[..] {
            [] => (stop(self.all) - end.len(), stop(self.all) - end.len()),
            [first, .., last] | [first @ last] => (start(first), stop(last)),
        };
        let mut list = match listed {
            true => self.policy[start(self.all)..first].to_owned(),
            false => begin.to_owned(),
        };
        let mut left = 0;
        for (index, statement) in self.each.iter().enumerate().filter(|(_, statement)| !is_ours(statement)) {
            if left > 0 {
                // With what stands between it and the one before.
                list += &self.policy[stop(self.each[index - 1])..start(statement)];
            }
            list += statement;
            left += 1;
        }
        if left == 0 && ours.is_none() {
            return None;
        }
        if let Some(ours) = ours {
            list += if left > 0 { "," } else { "" };
            list += ours;
        }
        list += match listed {
            true => &self.policy[last..stop(self.all)],
            false => end,
        };
        Some(format!("{}{list}{}", &self.policy[..start(self.all)], &self.policy[stop(self.all)..]))
    }
}

#[cfg(test)]
mod tests;
