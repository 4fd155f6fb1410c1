//! What stands in the way although S3 answers well: each with its name, what it is, and what
//! somebody can do about it.

/// What keeps a step from being done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hindrance {
    /// The failure's type in Temporal.
    pub kind: &'static str,
    /// What it is, as the end of a sentence.
    pub how: String,
    /// What a person can do about it, a whole sentence.
    pub advice: &'static str,
    /// Whether it may pass without a person.
    pub passes: bool,
}

impl Hindrance {
    fn new(kind: &'static str, how: String, advice: &'static str) -> Self {
        Self { kind, how, advice, passes: false }
    }

    /// There is no such bucket.
    pub fn missing(bucket: &str) -> Self {
        Self::new(
            "BucketMissing",
            format!("there is no bucket {bucket} any more"),
            "Nothing was changed. If somebody deleted it on purpose, have it removed here as well.",
        )
    }

    /// A bucket of this name is there, and is not the request's.
    pub fn not_ours(bucket: &str, why: &str) -> Self {
        Self::new(
            "BucketNotOurs",
            format!("the bucket {bucket} is not this request's (any more): {why}"),
            "It was left as it is. If it is the right one, put its tag provision-bot:request back, then retry.",
        )
    }

    /// The policy would be larger than S3 takes it.
    pub fn policy_at_its_limit(bytes: usize, limit: usize) -> Self {
        Self::new(
            "PolicyTooLarge",
            format!(
                "with the statement ProvisionBotAccess the bucket's policy has {bytes} bytes, and S3 takes {limit}"
            ),
            "The policy was left as it is. Make it shorter (join statements that say the same of several \
             resources), then retry.",
        )
    }

    /// The policy is no policy.
    pub fn policy_does_not_read() -> Self {
        Self::new(
            "PolicyUnreadable",
            "the bucket's policy does not read as one".into(),
            "It was left as it is. See what is in it, then retry.",
        )
    }

    /// A lifecycle rule whose name has no room for the mark.
    pub fn rule_name_too_long(id: &str, mark: &str, limit: usize) -> Self {
        Self::new(
            "LifecycleRuleName",
            format!(
                "the lifecycle rule {} cannot be suspended: with {mark} its ID has more than {limit} characters",
                named(id)
            ),
            "All lifecycle rules were left as they are. Give it a shorter ID, or disable it, then retry.",
        )
    }

    /// A lifecycle rule that has no name to be marked.
    pub fn rule_without_name() -> Self {
        Self::new(
            "LifecycleRuleName",
            "a lifecycle rule has no ID, so that it could not be told from others when rules are resumed".into(),
            "All lifecycle rules were left as they are. Give it an ID, or disable it, then retry.",
        )
    }

    /// A lifecycle rule whose name, with the mark or without, another one has.
    pub fn rule_name_taken(id: &str, new: &str) -> Self {
        Self::new(
            "LifecycleRuleName",
            format!("the lifecycle rule {} would be called {}, as another rule is", named(id), named(new)),
            "All lifecycle rules were left as they are. Rename or remove one of the two, then retry.",
        )
    }

    /// Versions that Object Lock keeps without a date.
    pub fn legal_hold(key: &str, number: usize) -> Self {
        Self::new(
            "ObjectLock",
            format!("Object Lock keeps {number} versions, and there is a legal hold on {}", named(key)),
            "All else was deleted. Have the legal holds taken off, then retry.",
        )
    }

    /// What comes back while it is deleted.
    pub fn still_arriving(what: &str) -> Self {
        Self {
            passes: true,
            ..Self::new(
                "BucketNotEmpty",
                format!("the bucket was emptied and is not empty: {what}"),
                "Stop whatever writes into it (a role that its policy does not hold up?), then retry.",
            )
        }
    }
}

/// The most characters of a name that leave room for what is said of it.
const NAME_MAX: usize = 60;

/// A name in a sentence, of which enough is told to find it.
pub fn named(name: &str) -> String {
    match name.char_indices().nth(NAME_MAX) {
        Some((end, _)) => format!("{:?}…", &name[..end]),
        None => format!("{name:?}"),
    }
}
