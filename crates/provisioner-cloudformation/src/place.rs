//! One request's stack: how it is reached, what is there, and whose it is.
//!
//! **Ours only by its tag.** A stack is this request's if its tag names the request. A stack that
//! was planned and not built yet may not show its tags: then those of its change sets count,
//! with which it was made in one and the same call.

use std::collections::BTreeMap;

use aws_profiles::partition;
use aws_profiles::profiles::Ready;
use aws_profiles::tags::{REQUEST_TAG, identity};
use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{Stack, Tag};
use provisioner::ProvisionInput;

use crate::attempt::Attempt;
use crate::clients::Connected;
use crate::console;
use crate::failure::{Problem, Stop};
use crate::guard::Guard;

/// A stack that was planned and never built.
pub const IN_REVIEW: &str = "REVIEW_IN_PROGRESS";

/// One request's stack, and how to reach it.
pub struct Place {
    pub client: Client,
    pub input: ProvisionInput,
    pub attempt: Attempt,
    endpoint: Option<String>,
    credentials: Ready,
}

/// A stack that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub id: String,
    /// CloudFormation's word for its state.
    pub status: String,
    pub reason: String,
    pub tags: BTreeMap<String, String>,
    pub outputs: BTreeMap<String, String>,
}

/// What is there under the request's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Nothing,
    Ours(Seen),
    /// Why it is not ours.
    Strangers(Seen, &'static str),
}

impl Seen {
    pub fn is_gone(&self) -> bool {
        self.status == "DELETE_COMPLETE"
    }

    /// Whether something is being done to it.
    pub fn is_moving(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && self.status != IN_REVIEW
    }

    /// Whether it was to be made, and was not.
    pub fn is_a_failure(&self) -> bool {
        matches!(self.status.as_str(), "CREATE_FAILED" | "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "DELETE_FAILED")
    }
}

impl Place {
    pub fn new(connected: &Connected, input: ProvisionInput, attempt: Attempt) -> Self {
        let config = connected.client.config().to_builder().interceptor(Guard(attempt.lease.clone())).build();
        Self {
            client: Client::from_conf(config),
            endpoint: connected.endpoint.clone(),
            credentials: connected.credentials.clone(),
            input,
            attempt,
        }
    }

    /// The stack's name.
    pub fn name(&self) -> &str {
        match self.input.resource_name.is_empty() {
            true => &self.input.bucket_name,
            false => &self.input.resource_name,
        }
    }

    /// Whether there is anything to begin with: a name, a region, credentials.
    pub async fn ready(&self) -> Result<(), Stop> {
        // A request without an ID owns nothing: its tag would be anybody's.
        if self.input.application_id.trim().is_empty() || self.name().is_empty() {
            return Err(Problem::Unusable("the request has no ID or no name for its stack".into()).into());
        }
        partition::is_somewhere(&self.input.region, self.endpoint.as_deref())?;
        self.attempt.unless_cancelled(async { Ok(self.credentials.ready().await?) }).await
    }

    /// Whether these tags are this request's.
    pub fn is_ours(&self, tags: &BTreeMap<String, String>) -> bool {
        tags.get(REQUEST_TAG) == Some(&identity(&self.input))
    }

    /// What is under the request's name.
    pub async fn find(&self) -> Result<Found, Problem> {
        let Some(seen) = self.see(self.name()).await?.filter(|seen| !seen.is_gone()) else { return Ok(Found::Nothing) };
        if self.is_ours(&seen.tags) {
            return Ok(Found::Ours(seen));
        }
        if seen.tags.contains_key(REQUEST_TAG) {
            return Ok(Found::Strangers(seen, "it belongs to another request"));
        }
        if seen.status != IN_REVIEW {
            return Ok(Found::Strangers(seen, "it carries no tag of this request"));
        }
        let known = self.attempt.last().stack_id.as_ref() == Some(&seen.id);
        match self.change_sets().await? {
            // Of which this activity, or the one before it, knows that it was made for it.
            sets if sets.is_empty() && known => Ok(Found::Ours(seen)),
            sets if sets.is_empty() => Ok(Found::Strangers(seen, "it is empty and carries no tag")),
            sets if sets.iter().all(|(_, ours)| *ours) => Ok(Found::Ours(seen)),
            _ => Ok(Found::Strangers(seen, "somebody else plans in it")),
        }
    }

    /// A stack by its name or its ID.
    pub async fn see(&self, stack: &str) -> Result<Option<Seen>, Problem> {
        match self.client.describe_stacks().stack_name(stack).send().await.map_err(Problem::from) {
            Ok(answer) => Ok(answer.stacks().first().map(seen)),
            Err(problem) if problem.is_no_such_stack() => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// The change sets of the stack, by their ARNs, each with whether it is this request's.
    pub async fn change_sets(&self) -> Result<Vec<(String, bool)>, Problem> {
        let mut found = Vec::new();
        let mut pages = self.client.list_change_sets().stack_name(self.name()).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = match page.map_err(Problem::from) {
                Err(problem) if problem.is_no_such_stack() => return Ok(Vec::new()),
                page => page?,
            };
            for set in page.summaries().iter().filter_map(|set| set.change_set_id()) {
                let call = self.client.describe_change_set().change_set_name(set);
                match call.send().await.map_err(Problem::from) {
                    Ok(set) => {
                        let ours = self.is_ours(&tags(set.tags()));
                        found.push((set.change_set_id().unwrap_or_default().to_owned(), ours));
                    }
                    Err(problem) if problem.is_no_such_change_set() => {}
                    Err(problem) => return Err(problem),
                }
            }
        }
        Ok(found)
    }

    /// Where people look at a stack. At another server than Amazon's there is no such page.
    pub fn stack_page(&self, stack: &str) -> Option<String> {
        if self.is_elsewhere() { None } else { console::stack(&self.input.region, stack) }
    }

    /// Where people look at a change set.
    pub fn change_set_page(&self, stack: &str, set: &str) -> Option<String> {
        if self.is_elsewhere() { None } else { console::change_set(&self.input.region, stack, set) }
    }

    fn is_elsewhere(&self) -> bool {
        let host = |url: &String| url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
        let amazons = |host: String| partition::is_amazons(&host, &self.input.region);
        self.endpoint.as_ref().is_some_and(|url| !host(url).is_some_and(amazons))
    }
}

fn seen(stack: &Stack) -> Seen {
    let outputs = stack.outputs().iter().filter_map(|output| {
        Some((output.output_key()?.to_owned(), output.output_value().unwrap_or_default().to_owned()))
    });
    Seen {
        id: stack.stack_id().or(stack.stack_name()).unwrap_or_default().to_owned(),
        status: stack.stack_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: stack.stack_status_reason().unwrap_or_default().to_owned(),
        tags: tags(stack.tags()),
        outputs: outputs.collect(),
    }
}

/// Tags by their keys.
pub fn tags(tags: &[Tag]) -> BTreeMap<String, String> {
    let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()));
    tags.iter().filter_map(pair).collect()
}
