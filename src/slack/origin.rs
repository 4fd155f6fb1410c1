//! For whom a delivery is: its app and its workspace or organisation. One signing
//! secret is shared by all workspaces an app is installed in, so a signature alone does
//! not say that a delivery is for us.
//!
//! What counts is where the app is installed, not who acts: somebody of another
//! organisation who clicks in a shared channel arrives with our `team`, and with
//! another `user.team_id`, which is not looked at here. Who may do what is judged by
//! the handlers.

use serde_json::Value;

use super::identity::Identity;
use super::inbound::{self, Malformed};

/// What a delivery says of whom it is for; what it leaves out, or sends as null or
/// empty, it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    app: Option<String>,
    teams: Vec<String>,
    enterprises: Vec<String>,
}

/// Whom else a delivery is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    #[error("it is for another app")]
    App,
    #[error("it is for another workspace")]
    Organisation,
}

/// Of a slash command.
pub fn command(body: &[u8]) -> Result<Origin, Malformed> {
    let fields = inbound::form(body)?.into_iter().map(|(name, value)| (name, Value::String(value)));
    Ok(Origin::of(&Value::Object(fields.collect())))
}

/// Of an interaction, or a search for options.
pub fn interaction(body: &[u8]) -> Result<Origin, Malformed> {
    Ok(Origin::of(&serde_json::from_str(&inbound::payload(body)?)?))
}

/// Of an event.
pub fn event(body: &[u8]) -> Result<Origin, Malformed> {
    Ok(Origin::of(&serde_json::from_slice(body)?))
}

impl Origin {
    /// Of what came over a socket, or was in a body.
    pub fn of(payload: &Value) -> Self {
        let view = &payload["view"];
        let authorizations = || payload["authorizations"].as_array().into_iter().flatten();
        let all = |values: Vec<&Value>| values.into_iter().filter_map(said).collect::<Vec<_>>();
        // The more a field is about the delivery itself, the sooner it counts.
        let teams = [
            vec![&payload["team_id"], id_in(&payload["team"])],
            vec![&view["app_installed_team_id"]],
            vec![&payload["context_team_id"]],
            authorizations().map(|it| &it["team_id"]).collect(),
            vec![&view["team_id"]],
        ];
        let mut enterprises =
            vec![&payload["enterprise_id"], id_in(&payload["enterprise"]), &payload["context_enterprise_id"]];
        enterprises.extend(authorizations().map(|it| &it["enterprise_id"]));
        Self {
            app: said(&payload["api_app_id"]).or_else(|| said(&view["app_id"])),
            teams: teams.into_iter().map(all).find(|said| !said.is_empty()).unwrap_or_default(),
            enterprises: all(enterprises),
        }
    }

    /// Does it say nothing at all? Slack's own checks do not.
    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a delivery is for us. As long as the app is not known, any is ours.
    pub fn judge(&self, us: &Identity, app: Option<&str>) -> Result<(), Foreign> {
        if let (Some(theirs), Some(ours)) = (self.app.as_deref(), app)
            && theirs != ours
        {
            return Err(Foreign::App);
        }
        let is = |ours: &Option<String>, theirs: &String| ours.as_ref() == Some(theirs);
        // On Enterprise Grid the app serves its organisation, whose workspaces differ.
        if self.enterprises.iter().any(|theirs| is(&us.enterprise_id, theirs)) {
            return Ok(());
        }
        let another = match self.teams.as_slice() {
            [] => !self.enterprises.is_empty(),
            teams => !teams.iter().all(|theirs| is(&us.team_id, theirs)),
        };
        if another { Err(Foreign::Organisation) } else { Ok(()) }
    }
}

/// The ID in an object such as `team`; null stays null.
fn id_in(value: &Value) -> &Value {
    if value.is_object() { &value["id"] } else { value }
}

/// An ID, if there is one. What is none is nobody's, so not ours.
fn said(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(id) => Some(id.trim().to_owned()).filter(|id| !id.is_empty()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests;
