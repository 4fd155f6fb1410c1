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
    /// Names of credentials that a provisioner knows; at least one.
    pub profiles: Vec<String>,
    /// How long a request waits for its authorizer.
    pub timeout: Duration,
    /// The authorizer is reminded this long after being asked.
    pub reminder: Option<Duration>,
    /// May a requester name themself as authorizer?
    pub allow_self: bool,
    /// How many requests one person may have open; any number if `None`.
    pub open_max: Option<u32>,
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
    #[error(
        "You have {most} open requests, and nobody may have more at a time. Wait until one of them is over, or cancel one \
         where it was asked for, and ask again."
    )]
    TooManyOpen { most: u32 },
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
    Application,
    Team,
    Authorizer,
    Blueprint,
}

impl PreflightProblem {
    pub fn field(&self) -> Field {
        match self {
            Self::TooManyOpen { .. } => Field::Application,
            Self::NoSuchTeam { .. } | Self::NotAMember { .. } | Self::RequesterNotAllowed => Field::Team,
            Self::SelfAuthorization | Self::NotAnAuthorizer { .. } | Self::AuthorizerNotAllowed { .. } => {
                Field::Authorizer
            }
            Self::NoSuchBlueprint { .. } => Field::Blueprint,
        }
    }
}

impl Principal {
    fn includes(&self, user: &str, groups: &Groups) -> bool {
        match self {
            Self::User(id) => id == user,
            Self::Group(id) => groups.get(id).is_some_and(|members| members.contains(user)),
        }
    }
}

/// Whether somebody may decide anything at all.
fn can_decide(authorizer: &Person) -> Result<(), PreflightProblem> {
    match authorizer.standing.why_not() {
        None => Ok(()),
        Some(why) => Err(PreflightProblem::AuthorizerNotAllowed { who: authorizer.name.clone(), why: why.to_owned() }),
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

    /// May the authorizer still end a request that needs a hand? That somebody may
    /// decide is asked as ever, but an end stays possible when the team, the blueprint
    /// or the requester is gone.
    pub fn may_give_up(&self, request: &ProvisionRequest, known: &Directory) -> Result<(), PreflightProblem> {
        match self.team(&request.team_id) {
            Some(team) => self.may_decide(team, request, known),
            None => can_decide(&known.authorizer),
        }
    }

    fn may_decide(&self, team: &Team, request: &ProvisionRequest, known: &Directory) -> Result<(), PreflightProblem> {
        let authorizer = &known.authorizer;
        if !self.allow_self && request.authorizer_id == request.requester_id {
            return Err(PreflightProblem::SelfAuthorization);
        }
        can_decide(authorizer)?;
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

    /// The groups whose members must be known to tell who may be named to decide.
    pub fn authorizer_groups(&self) -> BTreeSet<String> {
        group_ids(self.authorizers.iter())
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
mod tests;
