//! One table of what people and programs do with a request, played through five doors:
//! Slack over HTTP, Socket Mode, the HTTP API, the command line and the raw signal. Who
//! may do it, with which values and when, is the same everywhere; where a door cannot say
//! it, or answers otherwise by its nature, the table has a column for that.
//!
//! - `table`: the stories, act by act; `words`: of which they are made.
//! - `stage`: a door, and what is true of a request after each act.
//! - `by_slack`, `by_program`, `by_signal`: the doors.

mod by_program;
mod by_signal;
mod by_slack;
mod stage;
mod table;
mod words;

use harness::stack::StackOptions;

use self::by_program::{ByHttp, ByLine};
use self::by_signal::BySignal;
use self::by_slack::BySlack;
use self::stage::{Door, play};
use self::table::stories;
use crate::world::{Scene, alone, options, policy, shared};

pub use self::by_program::{configuration, populate};

/// Every story of the table by one door, one after the other: its people are the same.
async fn all_by<D: Door>(scene: &Scene) {
    for story in stories() {
        play::<D>(scene, &story).await;
    }
}

#[test]
fn by_slack_over_http() {
    shared(async |scene| all_by::<BySlack>(&scene).await);
}

#[test]
fn by_socket_mode() {
    alone(StackOptions { socket_mode: true, ..options(&policy("")) }, async |world| {
        let scene = world.scene();
        all_by::<BySlack>(&scene).await;
        let deliveries = scene.slack.deliveries();
        assert!(deliveries.iter().all(|delivery| delivery.connection.is_some()), "not all came by socket");
    });
}

#[test]
fn by_the_http_api() {
    shared(async |scene| all_by::<ByHttp>(&scene).await);
}

#[test]
fn by_the_command_line() {
    shared(async |scene| all_by::<ByLine>(&scene).await);
}

#[test]
fn by_the_raw_signal() {
    shared(async |scene| all_by::<BySignal>(&scene).await);
}
