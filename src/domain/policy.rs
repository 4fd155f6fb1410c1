//! What the organisation configured, and the questions it answers: who may ask
//! for a team, who may be named to decide, and by which [`Rules`] one request
//! is judged.
//!
//! The policy names people and groups by ID. Who is in a group and whether a
//! person is still there is told to it as [`Directory`], so that every answer is
//! a pure function.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::blueprint::Blueprint;
use super::client::{self, Client, Right};
use super::field::By;
use super::lease::rules::LeaseRules;
use super::lease::state::Leased;
use super::lease::terms::{Lifetime, Terms, in_words};
use super::parameters::ParameterProblem;
use super::people::{Directory, Groups, Person, Principal, Standing, group_ids, includes};
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
    /// The built-in one, which is known whether it can be asked for or not.
    pub bucket: Blueprint,
    /// How long what is built may live.
    pub terms: Terms,
    /// Where the bot tells what concerns nobody in particular.
    pub operations_channel: Option<String>,
    /// The programs that may use the HTTP API.
    pub clients: Vec<Client>,
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
    #[error("There is no client \"{client}\" in the configuration that may ask for {team}. Ask an admin.")]
    ClientNotAllowed { client: String, team: String },
    #[error(
        "{client} belongs to {owner}, who is no full member of this workspace any more. Ask an admin to name another owner."
    )]
    OwnerNotAllowed { client: String, owner: String },
    #[error("What is built here has no end, so a lifetime cannot be asked for. Leave it out.")]
    NoLifetime,
    #[error("A lifetime is a number of seconds, or \"never\". Choose another one.")]
    NoSuchLifetime,
    #[error("That is too long: what is built here may live for {} at most. Choose a shorter time.", in_words(*.most))]
    LifetimeTooLong { most: u64 },
    #[error("What was said of \"{name}\" cannot be built: {what}")]
    Parameter { name: String, what: String },
    #[error("There is no blueprint \"{blueprint}\" in the configuration any more. Choose another one.")]
    NoSuchBlueprint { blueprint: String },
}

/// The field of the request form a problem belongs under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'a> {
    Application,
    Team,
    Authorizer,
    Blueprint,
    Lifetime,
    Parameter(&'a str),
}

impl PreflightProblem {
    pub fn field(&self) -> Field<'_> {
        match self {
            Self::TooManyOpen { .. } => Field::Application,
            Self::NoSuchTeam { .. }
            | Self::NotAMember { .. }
            | Self::RequesterNotAllowed
            | Self::ClientNotAllowed { .. }
            | Self::OwnerNotAllowed { .. } => Field::Team,
            Self::SelfAuthorization | Self::NotAnAuthorizer { .. } | Self::AuthorizerNotAllowed { .. } => {
                Field::Authorizer
            }
            Self::NoSuchBlueprint { .. } => Field::Blueprint,
            Self::NoLifetime | Self::NoSuchLifetime | Self::LifetimeTooLong { .. } => Field::Lifetime,
            Self::Parameter { name, .. } => Field::Parameter(name),
        }
    }
}

/// Whether somebody may decide anything at all. Of a client the team says so.
fn can_decide(authorizer: Option<&Person>) -> Result<(), PreflightProblem> {
    let Some(person) = authorizer else { return Ok(()) };
    match person.standing.why_not() {
        None => Ok(()),
        Some(why) => Err(PreflightProblem::AuthorizerNotAllowed { who: person.name.clone(), why: why.to_owned() }),
    }
}

impl Policy {
    pub fn team(&self, id: &str) -> Option<&Team> {
        self.teams.iter().find(|team| team.id == id)
    }

    pub fn blueprint(&self, id: &str) -> Option<&Blueprint> {
        self.blueprints.iter().find(|blueprint| blueprint.id == id)
    }

    /// By what something that was built is judged.
    pub fn lease_rules(&self, leased: &Leased) -> LeaseRules {
        let known = self.blueprint(&leased.blueprint);
        let blueprint = known.or_else(|| Some(&self.bucket).filter(|bucket| bucket.id == leased.blueprint));
        let team = self.team(&leased.team_id).map_or(&leased.team_id, |team| &team.name);
        LeaseRules { terms: self.terms.clone(), team_name: team.clone(), blueprint: blueprint.cloned() }
    }

    /// The groups whose members must be known to tell the teams of a person.
    pub fn member_groups(&self) -> BTreeSet<String> {
        group_ids(self.teams.iter().flat_map(|team| &team.members))
    }

    /// The groups whose members must be known to tell who may see what.
    pub fn groups(&self) -> BTreeSet<String> {
        group_ids(self.teams.iter().flat_map(|team| team.members.iter().chain(&team.authorizers)))
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
        match client::id(&request.requester_id) {
            Some(id) => self.may_client_ask(id, team, known)?,
            None => may_person_ask(request, team, known)?,
        }
        self.may_decide(team, request, known)?;
        let rules = self.rules(request)?;
        asks_for_what_there_is(request, &rules.blueprint)?;
        Ok(rules)
    }

    fn may_client_ask(&self, id: &str, team: &Team, known: &Directory) -> Result<(), PreflightProblem> {
        let asks = |client: &&Client| client.has(Right::Ask) && client.teams.contains(&team.id);
        let Some(client) = self.client(id).filter(asks) else {
            return Err(PreflightProblem::ClientNotAllowed { client: id.to_owned(), team: team.name.clone() });
        };
        match (&client.owner, &known.requester) {
            (Some(_), Some(owner)) if owner.standing == Standing::Member => Ok(()),
            (Some(_), Some(owner)) => {
                Err(PreflightProblem::OwnerNotAllowed { client: id.to_owned(), owner: owner.name.clone() })
            }
            (Some(owner), None) => {
                Err(PreflightProblem::OwnerNotAllowed { client: id.to_owned(), owner: owner.clone() })
            }
            (None, _) => Ok(()),
        }
    }

    /// The client with this ID.
    pub fn client(&self, id: &str) -> Option<&Client> {
        self.clients.iter().find(|client| client.id == id)
    }

    /// Who owns what is asked for in this name, where that is a client's.
    pub fn owner(&self, requester_id: &str) -> Option<&str> {
        self.client(client::id(requester_id)?)?.owner.as_deref()
    }

    /// Whom to write to about a request, where its channel cannot be posted in: who asked;
    /// of a client its owner, or else operations.
    pub fn correspondent<'a>(&'a self, requester_id: &'a str) -> Option<&'a str> {
        match client::id(requester_id) {
            None => Some(requester_id),
            Some(_) => self.owner(requester_id).or(self.operations_channel.as_deref()),
        }
    }

    /// May the authorizer still end a request that needs a hand? That somebody may
    /// decide is asked as ever, but an end stays possible when the team, the blueprint
    /// or the requester is gone.
    pub fn may_give_up(&self, request: &ProvisionRequest, known: &Directory) -> Result<(), PreflightProblem> {
        match self.team(&request.team_id) {
            Some(team) => self.may_decide(team, request, known),
            None => can_decide(known.authorizer.as_ref()),
        }
    }

    fn may_decide(&self, team: &Team, request: &ProvisionRequest, known: &Directory) -> Result<(), PreflightProblem> {
        let named = &request.authorizer_id;
        let own = named == &request.requester_id || Some(named.as_str()) == self.owner(&request.requester_id);
        // A client signs nothing that it asked for, whatever is allowed to people.
        if own && (!self.allow_self || client::id(named).is_some()) {
            return Err(PreflightProblem::SelfAuthorization);
        }
        can_decide(known.authorizer.as_ref())?;
        let is_seated = match client::id(named) {
            // Only where it is named: "anyone" are people.
            Some(id) => {
                let decides = |client: &Client| client.has(Right::Decide) && client.teams.contains(&team.id);
                team.authorizers.contains(&Principal::Client(named.clone())) && self.client(id).is_some_and(decides)
            }
            None => includes(&team.authorizers, named, &known.groups),
        };
        if !is_seated {
            return Err(PreflightProblem::NotAnAuthorizer {
                who: known.authorizer.as_ref().map_or_else(|| named.clone(), |person| person.name.clone()),
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
            owner: self.owner(&request.requester_id).map(str::to_owned),
            lifetime: self.terms.asked(request.lifetime_seconds.as_ref())?,
            indexed: false,
        })
    }
}

fn may_person_ask(request: &ProvisionRequest, team: &Team, known: &Directory) -> Result<(), PreflightProblem> {
    if known.requester.as_ref().is_none_or(|person| person.standing != Standing::Member) {
        return Err(PreflightProblem::RequesterNotAllowed);
    }
    if !includes(&team.members, &request.requester_id, &known.groups) {
        return Err(PreflightProblem::NotAMember { team: team.name.clone() });
    }
    Ok(())
}

/// Nothing is asked for that nobody would build.
fn asks_for_what_there_is(request: &ProvisionRequest, blueprint: &Blueprint) -> Result<(), PreflightProblem> {
    let wrong = blueprint.parameters(By::Requester, &request.parameters()).err();
    match wrong.and_then(|wrong| wrong.into_iter().next()) {
        Some(ParameterProblem { id, what }) => Err(PreflightProblem::Parameter { name: id, what }),
        None => Ok(()),
    }
}

impl Terms {
    /// For how long something is wanted of which this was said; `None`: nothing here has an end.
    ///
    /// # Errors
    /// Why it cannot be had for so long.
    pub fn asked(&self, said: Option<&Value>) -> Result<Option<Lifetime>, PreflightProblem> {
        let said = said.filter(|said| !said.is_null());
        if !self.ends {
            return if said.is_some() { Err(PreflightProblem::NoLifetime) } else { Ok(None) };
        }
        let Some(said) = said else { return Ok(Some(self.lifetime)) };
        let lifetime = serde_json::from_value(said.clone()).map_err(|_| PreflightProblem::NoSuchLifetime)?;
        let most = self.longest.into_iter().chain(self.total).min();
        match (lifetime, most) {
            (Lifetime::Never, Some(most)) => Err(PreflightProblem::LifetimeTooLong { most }),
            (Lifetime::For(seconds), Some(most)) if seconds > most => Err(PreflightProblem::LifetimeTooLong { most }),
            (lifetime, _) => Ok(Some(lifetime)),
        }
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
            // No choice in a form.
            Principal::Client(_) => Vec::new(),
            Principal::User(id) => vec![id.clone()],
            Principal::Group(id) => groups.get(id).into_iter().flatten().cloned().collect(),
        };
        Some(self.authorizers.iter().flat_map(members).collect())
    }
}

#[cfg(test)]
mod tests;
