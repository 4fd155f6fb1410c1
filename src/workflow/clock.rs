//! The clock of an approval: it is told the time whenever something of it is due.
//!
//! A timer that was begun is never called off: most often the request ends before it fires,
//! and each that is called off is one event more. One that fires for nothing changes nothing.

use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use futures::FutureExt;
use temporalio_sdk::workflows::select;

use super::run::{Context, Run};
use super::telling::{detached, moment, until};
use crate::domain::approval::Event;
use crate::domain::moment::Moment;

/// When a timer fires, and the timer.
type Timer<'a> = (Moment, Pin<Box<dyn Future<Output = ()> + 'a>>);

impl Run {
    /// Runs for as long as it is polled.
    pub(super) async fn clock(&self, ctx: &Context) {
        let mut timers: Vec<Timer<'_>> = Vec::new();
        loop {
            let next = ctx.state(|s| s.approval.next_deadline());
            if let Some(next) = next.filter(|next| timers.iter().all(|(at, _)| at > next)) {
                let timer = ctx.timer(until(next.since(moment(ctx)), &detached()));
                timers.push((next, Box::pin(timer.map(|_| ()))));
            }
            let mut fired = pin!(first(&mut timers).fuse());
            select! {
                () = &mut fired => {}
                changed = ctx.wait_condition(|s| s.approval.next_deadline() != next) => if changed.is_err() {
                    // Withdrawn, and with it all that it is kept for.
                    return pending().await;
                },
            }
            let now = moment(ctx);
            ctx.state_mut(|s| s.apply(Event::Time, now));
        }
    }
}

/// Until the first of these fires, which is taken out.
async fn first(timers: &mut Vec<Timer<'_>>) {
    poll_fn(|context| {
        let fired = timers.iter_mut().position(|(_, timer)| timer.as_mut().poll(context).is_ready());
        match fired {
            Some(fired) => {
                drop(timers.remove(fired));
                Poll::Ready(())
            }
            None => Poll::Pending,
        }
    })
    .await;
}
