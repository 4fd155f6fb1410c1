//! A person as `users.info` tells them: whether they belong to the organisation, and
//! their name.
//!
//! What Slack says is read without trust: a field that is missing, or of a kind we do
//! not know, never makes a member of anybody. slack-morphism's model would refuse the person,
//! and with them a whole page of people, for a value of their profile that nobody asks for;
//! and it does not tell a workflow from a person.

use serde::Deserialize;
use serde_json::Value;

use super::identity::Identity;
use super::web_api::{SlackApi, SlackError};
use crate::domain::people::{Person, Standing};

/// The ID of Slackbot, which `users.info` does not call a bot.
const SLACKBOT: &str = "USLACKBOT";

impl SlackApi {
    /// A person, as Slack knows them. Somebody unknown is an answer, not an error;
    /// that the bot does not know its own organisation yet is an error, since then
    /// nobody can be told from a stranger.
    pub async fn person(&self, id: &str) -> Result<Person, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            user: Value,
        }
        let (own, answer) = tokio::join!(self.identity(), self.get::<Answer>("users.info", vec![("user", id)]));
        match answer {
            Ok(Answer { user }) => Ok(read(id, &user, own?)),
            Err(error) if error.is("user_not_found") || error.is("user_not_visible") => {
                Ok(Person { id: id.to_owned(), name: id.to_owned(), standing: Standing::Unknown })
            }
            Err(error) => Err(error),
        }
    }
}

/// A page of the workspace's people.
pub struct Page {
    pub people: Vec<Person>,
    /// Where the next page begins; empty: this was the last one.
    pub next: String,
}

impl SlackApi {
    /// The people of the workspace, two hundred at a time, from `cursor` on.
    pub async fn people(&self, cursor: &str) -> Result<Page, SlackError> {
        #[derive(Deserialize)]
        struct Answer {
            members: Vec<Value>,
            #[serde(default)]
            response_metadata: Value,
        }
        let own = self.identity().await?;
        let mut params = vec![("limit", "200")];
        params.extend((!cursor.is_empty()).then_some(("cursor", cursor)));
        let answer: Answer = self.get("users.list", params).await?;
        let people = answer.members.iter().filter_map(|user| Some(read(text(user, "/id")?, user, own))).collect();
        let next = text(&answer.response_metadata, "/next_cursor").unwrap_or_default().to_owned();
        Ok(Page { people, next })
    }
}

/// Reads the user object of Slack.
fn read(id: &str, user: &Value, own: &Identity) -> Person {
    let names = ["/profile/display_name", "/profile/real_name"];
    let name = names.into_iter().filter_map(|place| text(user, place)).next().unwrap_or(id);
    Person { id: id.to_owned(), name: name.to_owned(), standing: standing(id, user, own) }
}

fn standing(id: &str, user: &Value, own: &Identity) -> Standing {
    let says = |field: &str| says(user, field);
    if says("deleted") {
        Standing::Deactivated
    } else if says("is_bot") || says("is_workflow_bot") || id == SLACKBOT {
        Standing::Bot
    } else if !is_of(user, own) {
        Standing::Stranger
    } else if says("is_restricted") || says("is_ultra_restricted") {
        Standing::Guest
    } else if says("is_invited_user") {
        Standing::Invited
    } else {
        Standing::Member
    }
}

/// Is this somebody of the bot's own organisation: of its workspace or, on Enterprise
/// Grid, of another workspace of the same organisation? `is_stranger` alone does not
/// tell: it is false for those whom we meet in a shared channel.
fn is_of(user: &Value, own: &Identity) -> bool {
    let same = |theirs: Option<&str>, ours: &Option<String>| theirs.is_some() && theirs == ours.as_deref();
    let colleague = same(text(user, "/enterprise_user/enterprise_id"), &own.enterprise_id);
    colleague || (same(text(user, "/team_id"), &own.team_id) && !says(user, "is_stranger"))
}

/// Each of these flags costs somebody a right: only what is absent or plainly false
/// does not.
fn says(user: &Value, field: &str) -> bool {
    !matches!(user.get(field), None | Some(Value::Null | Value::Bool(false)))
}

fn text<'a>(user: &'a Value, place: &str) -> Option<&'a str> {
    user.pointer(place)?.as_str().filter(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEAM: &str = "T0ACME0001";
    const GRID: &str = "E0ACMEGRID";

    fn own(team: Option<&str>, enterprise: Option<&str>) -> Identity {
        let some = |id: Option<&str>| id.map(str::to_owned);
        Identity { team_id: some(team), enterprise_id: some(enterprise), ..Identity::default() }
    }

    /// An ordinary member, with some fields changed; `null` takes one out.
    fn user(changes: Value) -> Value {
        let mut user = json!({
            "id": "U1", "team_id": TEAM, "name": "bob", "deleted": false, "real_name": "Bob",
            "profile": { "real_name": "Bob B.", "display_name": "bob", "team": TEAM },
            "is_restricted": false, "is_ultra_restricted": false, "is_bot": false, "is_app_user": false,
            "is_email_confirmed": true, "is_stranger": false,
        });
        for (field, value) in changes.as_object().into_iter().flatten() {
            match value {
                Value::Null => _ = user.as_object_mut().unwrap().remove(field),
                value => user[field] = value.clone(),
            }
        }
        user
    }

    #[test]
    fn only_people_of_the_own_organisation_are_members() {
        use Standing::*;
        let grid =
            |id: &str| json!({ "team_id": "T0ACMEEMEA", "enterprise_user": { "id": "W1", "enterprise_id": id } });
        let (alone, on_grid) = (own(Some(TEAM), None), own(Some(TEAM), Some(GRID)));
        for (case, changes, own, expected) in [
            ("a member", json!({}), &alone, Member),
            ("a member, without the newer fields", json!({ "is_stranger": null }), &alone, Member),
            ("of another workspace", json!({ "team_id": "T0PARTNER1" }), &alone, Stranger),
            (
                "the same, `is_stranger` left out",
                json!({ "team_id": "T0PARTNER1", "is_stranger": null }),
                &alone,
                Stranger,
            ),
            ("no workspace", json!({ "team_id": null }), &alone, Stranger),
            ("an empty one", json!({ "team_id": "" }), &alone, Stranger),
            ("an empty one on both sides", json!({ "team_id": "" }), &own(Some(""), Some("")), Stranger),
            ("none on either side", json!({ "team_id": null }), &own(None, None), Stranger),
            ("a workspace of a kind unheard of", json!({ "team_id": [TEAM] }), &alone, Stranger),
            ("another case of letters", json!({ "team_id": "t0acme0001" }), &alone, Stranger),
            ("called a stranger all the same", json!({ "is_stranger": true }), &alone, Stranger),
            ("a colleague on the Grid", grid(GRID), &on_grid, Member),
            ("a colleague, the bot's workspace on no Grid", grid(GRID), &alone, Stranger),
            ("of another Grid", grid("E0PARTNER1"), &on_grid, Stranger),
            ("of no Grid", json!({ "team_id": "T0PARTNER1" }), &on_grid, Stranger),
            ("two empty Grids are not one", grid(""), &own(Some(TEAM), Some("")), Stranger),
            (
                "a Grid that is null",
                json!({ "team_id": "T2", "enterprise_user": { "enterprise_id": null } }),
                &on_grid,
                Stranger,
            ),
            ("a Grid of a kind unheard of", json!({ "team_id": "T2", "enterprise_user": GRID }), &on_grid, Stranger),
            (
                "of the workspace, on the Grid",
                json!({ "enterprise_user": { "enterprise_id": GRID } }),
                &on_grid,
                Member,
            ),
            ("an empty Grid of a member", json!({ "enterprise_user": { "enterprise_id": "" } }), &alone, Member),
            ("a guest", json!({ "is_restricted": true }), &alone, Guest),
            ("a guest of one channel", json!({ "is_restricted": true, "is_ultra_restricted": true }), &alone, Guest),
            ("a guest by the narrower flag alone", json!({ "is_ultra_restricted": true }), &alone, Guest),
            ("a guest of a shared channel", json!({ "is_restricted": true, "team_id": "T2" }), &alone, Stranger),
            ("a flag of a kind unheard of", json!({ "is_restricted": "yes" }), &alone, Guest),
            ("a bot", json!({ "is_bot": true }), &alone, Bot),
            ("a workflow", json!({ "is_workflow_bot": true }), &alone, Bot),
            ("who uses the app is no bot", json!({ "is_app_user": true }), &alone, Member),
            ("an address not confirmed is no reason", json!({ "is_email_confirmed": false }), &alone, Member),
            ("who has not joined yet", json!({ "is_invited_user": true }), &alone, Invited),
            ("who left", json!({ "deleted": true }), &alone, Deactivated),
        ] {
            assert_eq!(standing("U1", &user(changes), own), expected, "{case}");
        }
        assert_eq!(standing(SLACKBOT, &user(json!({})), &alone), Bot);
        for nothing in [json!({}), json!(null), json!([]), json!("U1")] {
            assert_eq!(standing("U1", &nothing, &on_grid), Stranger, "{nothing}");
        }
        // Of somebody who left, Slack tells little more.
        let left = json!({ "id": "U1", "team_id": TEAM, "deleted": true, "profile": { "real_name": "Lea" } });
        assert_eq!(standing("U1", &left, &alone), Deactivated);
    }

    #[test]
    fn a_person_is_called_as_slack_calls_them() {
        let name = |profile: Value| read("U1", &user(json!({ "profile": profile })), &own(Some(TEAM), None)).name;
        assert_eq!(name(json!({ "display_name": "bob", "real_name": "Bob B." })), "bob");
        assert_eq!(name(json!({ "display_name": " ", "real_name": "Bob B." })), "Bob B.");
        assert_eq!(name(json!({ "display_name": 7 })), "U1");
        assert_eq!(name(json!("none")), "U1");
    }
}
