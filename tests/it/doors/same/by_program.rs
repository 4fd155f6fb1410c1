//! The doors of programs: the HTTP API, and the command line in front of it, each with
//! clients of its own.

use axum::http::StatusCode;
use serde_json::{Value, json};
use slack_simulator::{PATIENCE, Profile, Workspace};
use tokio::time::{Instant, sleep};

use super::stage::{Act, Door};
use super::words::{Deed, Heard, Seat, Way, Why};
use crate::doors::client::{CHANNEL, Program, SCANNER, taken, token};
use crate::doors::commands::scripted::{Ended, run};
use crate::world::{LOOK_AGAIN, Scene};

/// May do everything for the team `scanned`, and is named for nothing.
pub const BYSTANDER: &str = "bystander";
/// Ask by the door of their name, and have an owner who may leave.
const ASKERS: [(&str, &str); 2] = [(BY_HTTP, "U0OWNER0001"), (BY_LINE, "U0OWNER0002")];
const BY_HTTP: &str = "by-http";
const BY_LINE: &str = "by-line";
const TEAM: &str = "scanned";

/// The clients of this table: ID and what it has beside its rights, which are all.
pub fn configuration() -> Vec<(&'static str, String)> {
    let asker = |(id, owner)| (id, format!("owner = \"{owner}\"\nchannel = \"{CHANNEL}\""));
    ASKERS.map(asker).into_iter().chain([(BYSTANDER, format!("channel = \"{CHANNEL}\""))]).collect()
}

pub fn populate(acme: &mut Workspace) {
    for (client, owner) in ASKERS {
        acme.add_person(Profile::member(owner, client, "Owner"));
    }
}

/// A request that a program asked for.
struct Asked {
    scene: Scene,
    id: String,
    asker: &'static str,
}

impl Asked {
    async fn by(asker: &'static str, scene: &Scene, application: &str) -> Self {
        let body = json!({ "applicationName": application, "teamId": TEAM, "authorizerId": "client:scanner" });
        let program = Program::of(scene, asker);
        let id = taken(&program.ask(application, &body).await);
        program.wait_for(&id, "awaiting_authorization").await;
        Self { scene: scene.clone(), id, asker }
    }

    fn client(&self, seat: Seat) -> &'static str {
        match seat {
            Seat::Named => SCANNER,
            Seat::Requester => self.asker,
            Seat::Stranger => BYSTANDER,
        }
    }

    fn name(&self, seat: Seat) -> String {
        format!("client:{}", self.client(seat))
    }

    fn owner(&self) -> String {
        let (_, owner) = ASKERS.into_iter().find(|(id, _)| *id == self.asker).expect("an owner");
        owner.to_owned()
    }

    async fn call(&self, act: &Act<'_>) -> Heard {
        let program = Program::of(&self.scene, self.client(act.who));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = program.act(act.id, &body(act)).await;
            // It is still being judged: the same again is the same act.
            let is_away = answer.status == StatusCode::SERVICE_UNAVAILABLE;
            if !is_away || Instant::now() > deadline {
                return of_status(answer.status.as_u16(), &answer);
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    async fn command(&self, act: &Act<'_>) -> Heard {
        let text = if let Deed::Reject(why) = act.deed { text(why) } else { String::new() };
        let arguments: Vec<&str> = match act.deed {
            Deed::Approve { region, profile } => {
                let values = [("--region", region), ("--profile", profile)];
                let values = values.into_iter().filter_map(|(flag, value)| Some([flag, value?])).flatten();
                ["approve", act.id].into_iter().chain(values).collect()
            }
            Deed::Reject(_) => vec!["reject", act.id, "--reason", &text],
            Deed::Cancel => vec!["cancel", act.id],
            Deed::Retry | Deed::GiveUp => panic!("there is no such command"),
        };
        let token = token(self.client(act.who));
        let variables = [("PROVISION_BOT_URL", self.scene.bot_url.as_str()), ("PROVISION_BOT_TOKEN", &token)];
        let ended = run(&arguments, &variables).await;
        match ended.code {
            0 => Heard::Counts,
            // It is not even sent without the values it needs.
            2 => Heard::Value,
            3 => of_status(status(&ended), &ended),
            _ => panic!("{ended:?}"),
        }
    }
}

fn body(act: &Act<'_>) -> Value {
    let mut body = match act.deed {
        Deed::Approve { region, profile } => json!({ "act": "approve", "region": region, "profile": profile }),
        Deed::Reject(why) => json!({ "act": "reject", "text": text(why) }),
        Deed::Cancel => json!({ "act": "cancel" }),
        Deed::Retry => json!({ "act": "retry" }),
        Deed::GiveUp => json!({ "act": "give_up" }),
    };
    body["round"] = act.round.into();
    body
}

pub fn text(why: Why) -> String {
    match why {
        Why::Said(text) => text.to_owned(),
        Why::TooLong => "x".repeat(3_001),
    }
}

fn of_status(status: u16, answer: &impl std::fmt::Debug) -> Heard {
    match status {
        200 => Heard::Counts,
        403 => Heard::Who,
        404 => Heard::Unknown,
        409 => Heard::Time,
        422 => Heard::Value,
        _ => panic!("an answer that nobody thought of: {answer:?}"),
    }
}

/// By the HTTP API, or by the command line in front of it.
pub struct ByProgram<const LINE: bool>(Asked);

pub type ByHttp = ByProgram<false>;
pub type ByLine = ByProgram<true>;

impl<const LINE: bool> Door for ByProgram<LINE> {
    const WAY: Way = if LINE { Way::Line } else { Way::Http };
    const WORD: &'static str = "http";

    async fn ask(scene: &Scene, application: &str) -> Self {
        Self(Asked::by(if LINE { BY_LINE } else { BY_HTTP }, scene, application).await)
    }

    fn id(&self) -> &str {
        &self.0.id
    }

    fn team(&self) -> &str {
        TEAM
    }

    fn name(&self, seat: Seat) -> String {
        self.0.name(seat)
    }

    fn asks_for(&self) -> String {
        self.0.owner()
    }

    async fn act(&self, act: &Act<'_>) -> Option<Heard> {
        Some(if LINE { self.0.command(act).await } else { self.0.call(act).await })
    }

    /// What has no command is called.
    async fn act_elsewhere(&self, act: &Act<'_>) -> Option<Heard> {
        Some(self.0.call(act).await)
    }
}

/// `Refused (403): …`
fn status(ended: &Ended) -> u16 {
    let status = ended.err.strip_prefix("Refused (").and_then(|rest| rest.split_once(')'));
    status.and_then(|(status, _)| status.parse().ok()).unwrap_or_else(|| panic!("{ended:?}"))
}
