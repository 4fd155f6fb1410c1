//! What the organisation configured, and the questions it answers: who may ask
//! for a team, who may be named to decide, and by which [`Rules`] one request
//! is judged.
//!
//! The policy names people and groups by ID. Who is in a group and whether a
//! person is still there is told to it as [`Directory`], so that every answer is
//! a pure function.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::request::ProvisionRequest;
use super::rules::Rules;

/// The policy of the organisation, as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What an authorizer may choose from; at least one.
    pub regions: Vec<String>,
    /// AWS profiles, by name; at least one.
    pub profiles: Vec<String>,
    /// How long a request waits for its authorizer.
    pub timeout: Duration,
    /// The authorizer is reminded this long after being asked.
    pub reminder: Option<Duration>,
    /// May a requester name themself as authorizer?
    pub allow_self: bool,
    pub teams: Vec<Team>,
    /// What can be asked for; at least one.
    pub blueprints: Vec<Blueprint>,
}

/// A team on whose behalf resources are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Team {
    pub id: String,
    pub name: String,
    /// Who may ask; empty: anyone.
    pub members: Vec<Principal>,
    /// Who may be named to decide; empty: anyone.
    pub authorizers: Vec<Principal>,
}

/// A kind of resource that can be asked for, and who provisions it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Blueprint {
    pub id: String,
    pub name: String,
    pub description: String,
    pub task_queue: String,
    pub provision_activity: String,
    pub destroy_activity: String,
    /// Is what it is told encrypted, where histories are? Off for a worker that
    /// shares no key. Only what differs from the default is recorded.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub encrypt: bool,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

/// Somebody named in the configuration: a user or a user group, by ID.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Principal {
    User(String),
    Group(String),
}

/// What is known of a person at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub standing: Standing,
}

/// Whether a person belongs to the organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Member,
    Deactivated,
    /// Somebody who was invited, and has not joined yet.
    Invited,
    Bot,
    /// A guest account, restricted to some channels.
    Guest,
    /// Somebody of another organisation, met in a shared channel.
    Stranger,
    /// No such person.
    Unknown,
}

/// What had to be looked up to answer a question: members of groups, by group ID.
pub type Groups = BTreeMap<String, BTreeSet<String>>;

/// The people and groups a request is about, as they were looked up.
#[derive(Clone, Debug)]
pub struct Directory {
    pub requester: Person,
    pub authorizer: Person,
    pub groups: Groups,
}

/// Why a request cannot be made. The sentence is for the requester.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "camelCase")]
pub enum PreflightProblem {
    #[error("There is no team \"{team}\" in the configuration any more. Ask an admin, or choose another team.")]
    NoSuchTeam { team: String },
    #[error("You are not a member of {team}. Choose a team of yours, or ask an admin to add you.")]
    NotAMember { team: String },
    #[error(
        "Only members of this workspace can ask for resources; guests, bots and people of other organisations cannot."
    )]
    RequesterNotAllowed,
    #[error("You cannot authorize your own request. Choose somebody else.")]
    SelfAuthorization,
    #[error("{who} may not decide for {team}. {instead}")]
    NotAnAuthorizer { who: String, team: String, instead: String },
    #[error("{who} cannot decide: {why} Choose a person of this workspace.")]
    AuthorizerNotAllowed { who: String, why: String },
    #[error("There is no blueprint \"{blueprint}\" in the configuration any more. Choose another one.")]
    NoSuchBlueprint { blueprint: String },
}

/// The field of the request form a problem belongs under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Team,
    Authorizer,
    Blueprint,
}

impl PreflightProblem {
    pub fn field(&self) -> Field {
        match self {
            Self::NoSuchTeam { .. } | Self::NotAMember { .. } | Self::RequesterNotAllowed => Field::Team,
            Self::SelfAuthorization | Self::NotAnAuthorizer { .. } | Self::AuthorizerNotAllowed { .. } => {
                Field::Authorizer
            }
            Self::NoSuchBlueprint { .. } => Field::Blueprint,
        }
    }
}

impl Principal {
    /// `S…` is a user group, anything else a user.
    pub fn parse(id: &str) -> Self {
        if id.starts_with('S') { Self::Group(id.to_owned()) } else { Self::User(id.to_owned()) }
    }

    fn includes(&self, user: &str, groups: &Groups) -> bool {
        match self {
            Self::User(id) => id == user,
            Self::Group(id) => groups.get(id).is_some_and(|members| members.contains(user)),
        }
    }
}

/// An empty list means anyone.
fn includes(list: &[Principal], user: &str, groups: &Groups) -> bool {
    list.is_empty() || list.iter().any(|who| who.includes(user, groups))
}

impl Policy {
    pub fn team(&self, id: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.id == id)
    }

    pub fn blueprint(&self, id: &str) -> Option<&Blueprint> {
        self.blueprints.iter().find(|blueprint| blueprint.id == id)
    }

    /// The groups whose members must be known to tell the teams of a person.
    pub fn member_groups(&self) -> BTreeSet<String> {
        group_ids(self.teams.iter().flat_map(|team| &team.members))
    }

    /// The teams `user` may ask for.
    pub fn teams_of<'a>(&'a self, user: &str, groups: &Groups) -> Vec<&'a Team> {
        self.teams.iter().filter(|team| includes(&team.members, user, groups)).collect()
    }

    /// Judges a request before anybody is bothered with it: the rules it will be
    /// decided by, or what is wrong with it.
    pub fn preflight(&self, request: &ProvisionRequest, known: &Directory) -> Result<Rules, PreflightProblem> {
        let team = self
            .team(&request.team_id)
            .ok_or_else(|| PreflightProblem::NoSuchTeam { team: request.team_id.clone() })?;
        if known.requester.standing != Standing::Member {
            return Err(PreflightProblem::RequesterNotAllowed);
        }
        if !includes(&team.members, &request.requester_id, &known.groups) {
            return Err(PreflightProblem::NotAMember { team: team.name.clone() });
        }
        self.may_decide(team, request, known)?;
        self.rules(request)
    }

    fn may_decide(&self, team: &Team, request: &ProvisionRequest, known: &Directory) -> Result<(), PreflightProblem> {
        let authorizer = &known.authorizer;
        if !self.allow_self && request.authorizer_id == request.requester_id {
            return Err(PreflightProblem::SelfAuthorization);
        }
        if let Some(why) = authorizer.standing.why_not() {
            return Err(PreflightProblem::AuthorizerNotAllowed { who: authorizer.name.clone(), why: why.to_owned() });
        }
        if !includes(&team.authorizers, &request.authorizer_id, &known.groups) {
            return Err(PreflightProblem::NotAnAuthorizer {
                who: authorizer.name.clone(),
                team: team.name.clone(),
                instead: "Choose one of the team's authorizers.".to_owned(),
            });
        }
        Ok(())
    }

    /// The rules a request is decided by, without asking who anybody is.
    pub fn rules(&self, request: &ProvisionRequest) -> Result<Rules, PreflightProblem> {
        let team = self
            .team(&request.team_id)
            .ok_or_else(|| PreflightProblem::NoSuchTeam { team: request.team_id.clone() })?;
        let blueprint = self
            .blueprint(&request.blueprint)
            .ok_or_else(|| PreflightProblem::NoSuchBlueprint { blueprint: request.blueprint.clone() })?;
        Ok(Rules {
            team_name: team.name.clone(),
            regions: self.regions.clone(),
            profiles: self.profiles.clone(),
            reminder_seconds: self.reminder.map(|after| after.as_secs()),
            blueprint: blueprint.clone(),
            indexed: false,
        })
    }
}

impl Team {
    /// The groups whose members must be known to judge a request for this team.
    pub fn groups(&self) -> BTreeSet<String> {
        group_ids(self.members.iter().chain(&self.authorizers))
    }

    /// Everybody who may be named to decide, by ID; `None` means anyone.
    pub fn deciders(&self, groups: &Groups) -> Option<BTreeSet<String>> {
        if self.authorizers.is_empty() {
            return None;
        }
        let members = |who: &Principal| match who {
            Principal::User(id) => vec![id.clone()],
            Principal::Group(id) => groups.get(id).into_iter().flatten().cloned().collect(),
        };
        Some(self.authorizers.iter().flat_map(members).collect())
    }
}

fn group_ids<'a>(list: impl Iterator<Item = &'a Principal>) -> BTreeSet<String> {
    list.filter_map(|who| match who {
        Principal::Group(id) => Some(id.clone()),
        Principal::User(_) => None,
    })
    .collect()
}

impl Standing {
    /// Why such a person cannot decide; `None` when they can.
    pub fn why_not(self) -> Option<&'static str> {
        match self {
            Self::Member => None,
            Self::Deactivated => Some("the account is deactivated."),
            Self::Invited => Some("the invitation to this workspace is not accepted yet."),
            Self::Bot => Some("it is a bot."),
            Self::Guest => Some("guests cannot decide."),
            Self::Stranger => Some("people of other organisations cannot decide."),
            Self::Unknown => Some("there is no such person."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::request::ApplicationName;

    fn policy() -> Policy {
        let team = |id: &str, members: &[&str], authorizers: &[&str]| Team {
            id: id.into(),
            name: id.to_uppercase(),
            members: members.iter().map(|id| Principal::parse(id)).collect(),
            authorizers: authorizers.iter().map(|id| Principal::parse(id)).collect(),
        };
        Policy {
            regions: vec!["us-east-1".into()],
            profiles: vec!["sandbox".into()],
            timeout: Duration::from_secs(120),
            reminder: None,
            allow_self: false,
            teams: vec![
                team("pay", &["U1", "S1"], &["U2", "S2"]),
                team("open", &[], &[]),
                team("shut", &["U9"], &["U2"]),
            ],
            blueprints: vec![Blueprint {
                id: "bucket".into(),
                name: "Bucket".into(),
                description: String::new(),
                task_queue: "q".into(),
                provision_activity: "provision".into(),
                destroy_activity: "destroy".into(),
                encrypt: true,
            }],
        }
    }

    fn groups() -> Groups {
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        Groups::from([("S1".into(), set(&["U5"])), ("S2".into(), set(&["U6"]))])
    }

    fn judged(team: &str, requester: &str, authorizer: (&str, Standing)) -> Result<(), PreflightProblem> {
        let person = |id: &str, standing| Person { id: id.into(), name: id.into(), standing };
        let request = ProvisionRequest {
            application_name: ApplicationName::parse("checkout").unwrap(),
            team_id: team.into(),
            requester_id: requester.into(),
            authorizer_id: authorizer.0.into(),
            blueprint: "bucket".into(),
            justification: None,
            channel_id: "C1".into(),
            authorization_timeout_seconds: 120,
        };
        let known = Directory {
            requester: person(requester, Standing::Member),
            authorizer: person(authorizer.0, authorizer.1),
            groups: groups(),
        };
        policy().preflight(&request, &known).map(|_| ())
    }

    #[test]
    fn a_request_passes_when_both_people_belong() {
        for (team, requester, authorizer) in
            [("pay", "U1", "U2"), ("pay", "U5", "U6"), ("open", "U7", "U8"), ("pay", "U1", "U6")]
        {
            assert_eq!(judged(team, requester, (authorizer, Standing::Member)), Ok(()));
        }
    }

    #[test]
    fn everything_else_is_explained_under_its_field() {
        use Standing::*;
        for (team, requester, authorizer, field, says) in [
            ("gone", "U1", ("U2", Member), Field::Team, "no team \"gone\""),
            ("shut", "U1", ("U2", Member), Field::Team, "not a member of SHUT"),
            ("pay", "U1", ("U1", Member), Field::Authorizer, "your own request"),
            ("pay", "U1", ("U7", Member), Field::Authorizer, "may not decide for PAY"),
            ("pay", "U1", ("U2", Deactivated), Field::Authorizer, "deactivated"),
            ("open", "U1", ("U3", Invited), Field::Authorizer, "not accepted yet"),
            ("open", "U1", ("U3", Bot), Field::Authorizer, "bot"),
            ("open", "U1", ("U3", Guest), Field::Authorizer, "guests"),
            ("open", "U1", ("U3", Stranger), Field::Authorizer, "other organisations"),
            ("open", "U1", ("U3", Unknown), Field::Authorizer, "no such person"),
        ] {
            let problem = judged(team, requester, authorizer).unwrap_err();
            assert_eq!(problem.field(), field, "{problem}");
            assert!(problem.to_string().contains(says), "{problem}");
        }
    }

    #[test]
    fn teams_and_deciders_count_group_members() {
        let policy = policy();
        let ids = |user| policy.teams_of(user, &groups()).iter().map(|t| t.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids("U5"), ["pay", "open"]);
        assert_eq!(ids("U7"), ["open"]);
        let deciders = policy.team("pay").unwrap().deciders(&groups()).unwrap();
        assert_eq!(deciders.into_iter().collect::<Vec<_>>(), ["U2", "U6"]);
        assert_eq!(policy.team("open").unwrap().deciders(&groups()), None);
    }
}
