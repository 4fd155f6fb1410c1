//! [`TemplateProblem`]: why a file of `blocks/` cannot be used.

/// What is wrong with a template, for whoever edits it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateProblem {
    #[error("blocks/{file}.json is not JSON: {cause}")]
    NotJson { file: String, cause: String },
    #[error("blocks/{file}.json: \"{text}\" opens a name and does not close it, or has an odd name")]
    Malformed { file: String, text: String },
    #[error("blocks/{file}.json names {{{{{name}}}}}, which has no value")]
    NoValue { file: String, name: String },
    #[error("blocks/{file}.json does not name {{{{{name}}}}}, which has a value")]
    NoName { file: String, name: String },
    #[error("blocks/{file}.json: {{{{{name}}}}} cannot be in \"{text}\": {why}")]
    Misplaced { file: String, name: String, text: String, why: &'static str },
    #[error("blocks/{file}.json: no single element of an array holds every mention of {{{{{list}.…}}}}")]
    Scattered { file: String, list: String },
    #[error(
        "blocks/{file}.json: {{{{{name}}}}} may have no value, and whether its object can then do without \"{member}\" \
         is not said in template/absence.rs"
    )]
    Unsettled { file: String, name: String, member: String },
    #[error("blocks/{file}.json: without {{{{{name}}}}} nothing is left of the file")]
    Nothing { file: String, name: String },
}
