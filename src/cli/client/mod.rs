//! The command line's door: clients of the bot's HTTP API, for scripts and for people.
//! They need to know where the bot is and who asks, no file, and no secret of the bot.

mod acts;
mod common;
mod exit;
mod http;
mod id;
mod list;
mod output;
mod persist;
mod problem;
mod request;
mod set;
mod show;
mod state;
mod times;
mod wait;
mod words;

use std::process::ExitCode;

use clap::Subcommand;
use serde_json::Value;

use self::acts::{Act, Answer, Approve, Extend, OfLease, OfRequest, Reject};
use self::common::Common;
use self::exit::Exit;
use self::http::Http;
use self::id::Id;
use self::output::Output;
use self::problem::Problem;
use self::times::now;
use crate::config::{ClientSettings, environment};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Ask for resources.
    Request(request::Arguments),
    /// Show a request, or a lease.
    Show {
        /// The ID of a request, or of a lease (….lease).
        id: Id,
        #[command(flatten)]
        common: Common,
    },
    /// List requests, the newest first.
    List(list::Arguments),
    /// Approve a request.
    Approve(Approve),
    /// Reject a request.
    Reject(Reject),
    /// Answer a question about a request.
    Answer(Answer),
    /// Cancel a request.
    Cancel(OfRequest),
    /// Extend the life of what a request built.
    Extend(Extend),
    /// Keep what would be removed.
    Keep(OfLease),
    /// Remove what a request built.
    Remove(OfLease),
}

/// One of the commands, ready to run.
enum Task {
    Request(request::Arguments),
    Show(Id, Common),
    List(list::Arguments),
    Act(Act),
}

/// Runs a command. Whatever is wrong is told here, once.
pub(super) async fn run(command: Command) -> ExitCode {
    let (task, mut out) = match Task::new(command) {
        Ok(task) => {
            let out = Output::new(task.common().json);
            (task, out)
        }
        Err(problem) => return told(&problem, &mut Output::new(false)),
    };
    match task.run(&mut out).await {
        Ok(exit) => exit.into(),
        Err(problem) => told(&problem, &mut out),
    }
}

impl Task {
    fn new(command: Command) -> Result<Self, Problem> {
        Ok(match command {
            Command::Request(arguments) => Self::Request(arguments),
            Command::Show { id, common } => Self::Show(id, common),
            Command::List(arguments) => Self::List(arguments),
            Command::Approve(approve) => Self::Act(approve.act()?),
            Command::Reject(reject) => Self::Act(reject.into()),
            Command::Answer(answer) => Self::Act(answer.into()),
            Command::Cancel(request) => Self::Act(Act::cancel(request)),
            Command::Extend(extend) => Self::Act(extend.into()),
            Command::Keep(lease) => Self::Act(Act::of_lease(lease, "keep")),
            Command::Remove(lease) => Self::Act(Act::of_lease(lease, "remove")),
        })
    }

    fn common(&self) -> &Common {
        match self {
            Self::Request(request::Arguments { common, .. })
            | Self::Show(_, common)
            | Self::List(list::Arguments { common, .. })
            | Self::Act(Act { common, .. }) => common,
        }
    }

    async fn run(&self, out: &mut Output) -> Result<Exit, Problem> {
        let settings = ClientSettings::from_env(self.common().url.as_deref(), environment);
        let http = Http::new(&settings.map_err(|error| Problem::Usage(error.to_string()))?)?;
        match self {
            Self::Request(arguments) => request::run(arguments, &http, out).await,
            Self::Show(id, _) => show::run(id, &http, out).await,
            Self::List(arguments) => list::run(arguments, &http, out).await,
            Self::Act(act) => act.run(&http, out).await,
        }
    }
}

/// Says why a command ends: a sentence for a person, and with `--json` the bot's own.
fn told(problem: &Problem, out: &mut Output) -> ExitCode {
    out.note(&problem.to_string());
    if let Problem::Refused(refusal) = problem {
        if let Some(state) = refusal.with("state") {
            for line in words::standing(state, now()) {
                out.note(&format!("Where it stands: {line}"));
            }
        }
        if let Some(id) = refusal.with("requestId").and_then(Value::as_str) {
            out.note(&format!("The request that has the key: {id}"));
        }
        if let Some(document) = &refusal.document {
            // It is refused, whether or not that can be written.
            let _ = out.document(document);
        }
    }
    problem.exit().into()
}
