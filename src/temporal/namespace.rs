//! The namespace: whether it is there, which is waited for as long as it takes, and
//! which search attributes it has.

use std::collections::HashMap;
use std::time::Duration;

use temporalio_client::Client;
use temporalio_client::tonic::{Code, IntoRequest, Status};
use temporalio_common::protos::temporal::api::enums::v1::{IndexedValueType, NamespaceState};
use temporalio_common::protos::temporal::api::operatorservice::v1::ListSearchAttributesRequest;
use temporalio_common::protos::temporal::api::workflowservice::v1::{
    DescribeNamespaceRequest, DescribeNamespaceResponse,
};

use crate::workflow::search_attributes;

/// How long one look may take. No person waits for it.
const LOOK: Duration = Duration::from_secs(5);
/// How often is looked whether the search attributes are there, and how often at most
/// when they are used: a request that upserted one that is gone stands still until then,
/// and until Temporal repeats its task, which it does within seconds.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
const LOOK_AT_MOST: Duration = Duration::from_secs(1);

/// Why requests cannot be kept in the namespace now; the server is there. Everything
/// here passes: a namespace is made, a permission granted, a server comes up.
pub async fn problem(client: &Client) -> Option<String> {
    let namespace = &client.options().namespace;
    let mut call = DescribeNamespaceRequest { namespace: namespace.clone(), ..Default::default() }.into_request();
    call.set_timeout(LOOK);
    let mut service = client.connection().workflow_service();
    let asked = tokio::time::timeout(LOOK, service.describe_namespace(call));
    match asked.await.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer in time"))) {
        Ok(answer) => is_deleted(answer.get_ref()).then(|| format!("the namespace {namespace:?} was deleted")),
        // A server that does not tell of its namespaces may have this one.
        Err(status) if status.code() == Code::Unimplemented => None,
        Err(status) => Some(why(namespace, &status)),
    }
}

/// It is still described for a while.
pub fn is_deleted(answer: &DescribeNamespaceResponse) -> bool {
    answer.namespace_info.as_ref().is_some_and(|info| info.state() == NamespaceState::Deleted)
}

fn why(namespace: &str, status: &Status) -> String {
    match status.code() {
        Code::NotFound => format!("there is no namespace {namespace:?} yet"),
        Code::PermissionDenied | Code::Unauthenticated => {
            format!("the server refuses this client in the namespace {namespace:?}: {}", status.message())
        }
        code => format!("the namespace {namespace:?} cannot be looked at: {code:?}: {}", status.message()),
    }
}

/// What the namespace lacks of the search attributes of requests; see [`search_attributes`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lack {
    pub missing: Vec<&'static str>,
    /// Registered as something else, with its type. What has the name already cannot be
    /// registered again.
    pub other_type: Vec<(&'static str, String)>,
}

impl Lack {
    /// `registered` maps a name to the number of its type.
    fn of(registered: &HashMap<String, i32>) -> Self {
        let mut lack = Self::default();
        for name in search_attributes::NAMES {
            match registered.get(name).map(|number| (*number, IndexedValueType::try_from(*number))) {
                None => lack.missing.push(name),
                Some((_, Ok(search_attributes::TYPE))) => {}
                Some((_, Ok(other))) => lack.other_type.push((name, words(other))),
                Some((number, Err(_))) => lack.other_type.push((name, format!("type {number}"))),
            }
        }
        lack
    }

    /// Whether requests can be indexed.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// As the command line names a type.
fn words(kind: IndexedValueType) -> String {
    let parts = kind.as_str_name().trim_start_matches("INDEXED_VALUE_TYPE_").split('_');
    let part = |part: &str| part.chars().take(1).chain(part.to_lowercase().chars().skip(1)).collect::<String>();
    parts.map(part).collect()
}

/// What the namespace lacks. An error where it may not be asked, or does not answer.
pub async fn lack_of_search_attributes(client: &Client) -> Result<Lack, Status> {
    let mut call = ListSearchAttributesRequest { namespace: client.options().namespace.clone() }.into_request();
    call.set_timeout(LOOK);
    let mut service = client.connection().operator_service();
    let asked = tokio::time::timeout(LOOK, service.list_search_attributes(call));
    let answer = asked.await.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer in time")))?;
    Ok(Lack::of(&answer.into_inner().custom_attributes))
}

/// Notes whether the namespace has the search attributes, and says what is odd.
pub async fn look_at_search_attributes(client: &Client) {
    let before = search_attributes::are_there();
    match lack_of_search_attributes(client).await {
        Ok(lack) => {
            search_attributes::set_there(lack.is_nothing());
            if before && !lack.is_nothing() {
                tracing::warn!(?lack, "search attributes are gone: requests are not indexed any more");
            } else if !before && !lack.other_type.is_empty() {
                tracing::warn!(?lack, "requests are not indexed: search attributes must be of the type Keyword");
            } else if !before && lack.is_nothing() {
                tracing::info!("requests are indexed by search attributes");
            }
        }
        // A server that is away or busy takes no upsert either, and its attributes stay.
        Err(status) if is_away(&status) => {}
        Err(status) => {
            search_attributes::set_there(false);
            if before {
                tracing::warn!(%status, "search attributes cannot be looked at: requests are not indexed any more");
            }
        }
    }
}

fn is_away(status: &Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::ResourceExhausted | Code::Aborted
    )
}

/// Goes on looking, for ever.
pub async fn watch_search_attributes(client: &Client) {
    loop {
        // The first after a quiet time is looked after at once.
        let _ = tokio::time::timeout(LOOK_AGAIN, search_attributes::upserted()).await;
        look_at_search_attributes(client).await;
        tokio::time::sleep(LOOK_AT_MOST).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_other_answer_about_a_namespace_is_waited_for_and_told() {
        let said = |status: Status| why("prod", &status);
        assert_eq!(said(Status::not_found("x")), "there is no namespace \"prod\" yet");
        assert!(said(Status::unauthenticated("no key")).contains("refuses this client"));
        for code in (0..=16).map(Code::from_i32).chain([Code::from_i32(99)]) {
            assert!(said(Status::new(code, "why")).contains("prod"), "{code:?}");
        }
    }

    #[test]
    fn an_attribute_counts_when_it_is_of_the_right_type() {
        let registered = |types: [i32; 4]| -> HashMap<String, i32> {
            search_attributes::NAMES
                .into_iter()
                .map(str::to_owned)
                .zip(types)
                .filter(|(_, number)| *number != 0)
                .collect()
        };
        assert!(Lack::of(&registered([2, 2, 2, 2])).is_nothing());
        assert_eq!(Lack::of(&HashMap::new()).missing, search_attributes::NAMES);
        let lack = Lack::of(&registered([1, 7, 99, 0]));
        assert_eq!(lack.missing, [search_attributes::STATUS]);
        let other = [
            (search_attributes::TEAM, "Text"),
            (search_attributes::REQUESTER, "KeywordList"),
            (search_attributes::AUTHORIZER, "type 99"),
        ];
        assert_eq!(lack.other_type, other.map(|(name, kind)| (name, kind.to_owned())));
        for number in [0, 1, 3, 4, 5, 6, 7, 8, -1, i32::MAX] {
            let registered = HashMap::from_iter(search_attributes::NAMES.map(|name| (name.to_owned(), number)));
            assert!(!Lack::of(&registered).is_nothing(), "{number}");
        }
    }
}
