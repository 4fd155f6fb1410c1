//! Carries out the plan of a notice: each message is posted if it never was, found if
//! somebody posted it before, else changed.
//!
//! People delete messages. The channel's message is written anew then, since all else
//! hangs on it; the others stay deleted, for the thread tells the rest.

use futures::future::join_all;

use super::attempt::Attempt;
use super::failures::Failures;
use super::look_back::{GONE, LookBack, is_no_thread};
use super::sender::{POST, Sender, Spot};
use crate::domain::notice::part::ROOT;
use crate::domain::notice::{MessageRef, part};
use crate::slack::notices::audience::Audience;
use crate::slack::notices::plan::{Place, Plan, Step};
use crate::slack::views::Message;
use crate::slack::web_api::SlackError;

/// Writes the messages of one notice.
pub(super) struct Writer<'a> {
    attempt: &'a Attempt<'a>,
    audience: &'a Audience<'a>,
    look_back: &'a LookBack<'a>,
    failures: &'a Failures<'a>,
    /// Did an earlier attempt try this notice, or did an earlier notice fail? Then
    /// something may have been posted that nobody knows of.
    repeated: bool,
    /// Held by whoever writes the channel's message anew.
    rooting: tokio::sync::Mutex<()>,
}

impl<'a> Writer<'a> {
    /// A writer for one notice.
    pub(super) fn new(
        attempt: &'a Attempt<'a>,
        audience: &'a Audience<'a>,
        look_back: &'a LookBack<'a>,
        failures: &'a Failures<'a>,
    ) -> Self {
        let repeated = attempt.number() > 1 || audience.look_back.is_some();
        Self { attempt, audience, look_back, failures, repeated, rooting: Default::default() }
    }

    /// Carries out a plan, turn by turn. No step is left out because another one failed.
    pub(super) async fn carry_out(&self, plan: Plan<'_>) {
        for turn in plan.turns {
            join_all(turn.into_iter().map(|step| self.take(step))).await;
        }
    }

    async fn take(&self, step: Step<'_>) {
        match step {
            Step::Write { part, message, .. } if part == ROOT => self.write_root(message).await,
            Step::Write { part, place, message } => self.write(&part, place, message).await,
            Step::WriteMissing { part, message, .. } if part == ROOT => {
                if self.at(ROOT).is_none() {
                    self.write_root(message).await;
                }
            }
            Step::WriteMissing { part, place, message } => {
                if self.at(&part).is_none() {
                    self.write(&part, place, message).await;
                }
            }
            Step::Change { part, message } => self.change(&part, message).await,
            Step::ChangeUnless { kind, part, message } => {
                if self.latest(kind).is_none() {
                    self.change(&part, message).await;
                }
            }
            Step::ChangeLatest { kind, message } => {
                if let Some(attempt) = self.latest(kind) {
                    self.change(&part::of_attempt(kind, attempt), message(attempt)).await;
                }
            }
            Step::Restore { part, place, message } => self.restore(&part, place, message).await,
        }
    }

    /// The channel's message, which what is told side by side may be about to post, too.
    async fn write_root(&self, message: Message) {
        if self.at(ROOT).is_none() {
            let _one_at_a_time = self.rooting.lock().await;
            if self.at(ROOT).is_none() {
                return self.write(ROOT, Place::Channel, message).await;
            }
        }
        self.write(ROOT, Place::Channel, message).await;
    }

    /// A message that stands afterwards, whether or not it had been posted. Where Slack
    /// will not have it, the others are told all the same.
    async fn write(&self, part: &str, place: Place, message: Message) {
        if self.is_done(part) || self.attempt.is_cut() {
            return;
        }
        // A client asks for itself.
        let nobody = match place {
            Place::Authorizer => self.audience.authorizer.is_none(),
            Place::Operations => self.audience.operations.is_none(),
            Place::Channel | Place::Thread => false,
        };
        if nobody {
            return self.done(part);
        }
        if self.at(part).is_some() {
            return self.change(part, message).await;
        }
        // What is read from top to bottom is posted in this order.
        if self.failures.are_held() {
            return;
        }
        let _call = self.attempt.call();
        if self.repeated {
            // Before the look, for that is to be the last thing before the post.
            if let Err(error) = self.sender().may_speak(POST).await {
                return self.failures.hold(part, error);
            }
            match self.look_back.find(self.audience, part, place).await {
                Ok(false) => {}
                Ok(true) => return self.done(part),
                Err(error) => return self.failures.hold(part, error),
            }
        }
        let posted = match place {
            Place::Channel => self.post_or_dm(part, self.audience.channel, None, &message).await,
            Place::Thread => self.answer(part, &message).await,
            Place::Authorizer => self.post(part, self.audience.authorizer.unwrap_or_default(), None, &message).await,
            Place::Operations => self.post(part, self.audience.operations.unwrap_or_default(), None, &message).await,
        };
        match posted {
            Ok(posted) => self.remember(part, posted),
            Err(error) if self.failures.is_final(part, &error) => {
                if part::asks(part) {
                    let why = format!("The authorizer cannot be written to ({error}).");
                    self.attempt.note(|checkpoint| checkpoint.unreachable = Some(why));
                }
                self.leave_out(part, &error);
            }
            Err(error) => self.failures.hold(part, error),
        }
    }

    /// A new message in the thread of the channel's message. Where that is gone and the
    /// request is over, it stands in the channel by itself.
    async fn answer(&self, part: &str, message: &Message) -> Result<MessageRef, SlackError> {
        self.ensure_root().await;
        let Some(root) = self.at(ROOT) else {
            return self.post_or_dm(part, self.audience.channel, None, message).await;
        };
        match self.post_or_dm(part, &root.channel, Some(&root.ts), message).await {
            Err(error) if is_no_thread(&error) => {
                tracing::info!(request.id = self.audience.id, part, %error, "the thread is gone");
                self.forget_root(&root);
                self.ensure_root().await;
                let anew = self.at(ROOT);
                let channel = anew.as_ref().map_or(self.audience.channel, |root| &root.channel);
                let thread = anew.as_ref().map(|root| root.ts.as_str());
                match self.post_or_dm(part, channel, thread, message).await {
                    Err(error) if is_no_thread(&error) => self.post_to_requester(part, message, error).await,
                    posted => posted,
                }
            }
            posted => posted,
        }
    }

    /// While a request goes on it has a message in the channel, with a thread, and with
    /// the button that withdraws it: written anew if it is not there any more.
    async fn ensure_root(&self) {
        // What is told side by side misses it side by side.
        let _one_at_a_time = self.rooting.lock().await;
        if self.at(ROOT).is_none()
            && let Some(root) = &self.audience.root
        {
            Box::pin(self.write(ROOT, Place::Channel, root.clone())).await;
        }
    }

    /// Where the bot cannot post in the channel, or can no longer, the requester is
    /// told directly.
    async fn post_or_dm(
        &self,
        part: &str,
        channel: &str,
        thread: Option<&str>,
        message: &Message,
    ) -> Result<MessageRef, SlackError> {
        match self.post(part, channel, thread, message).await {
            Err(error) if thread.is_some() && is_no_thread(&error) => Err(error),
            Err(error) if self.failures.are_enough_here(part, &error) => {
                tracing::info!(request.id = self.audience.id, slack.channel = channel, %error,
                    "the channel cannot be written to; the requester is told directly");
                // What was not answered may be there. Who cannot be read back is away, too.
                if matches!(error, SlackError::Unavailable { .. }) {
                    self.look_back.again().await;
                    let place = if thread.is_some() { Place::Thread } else { Place::Channel };
                    if self.look_back.find(self.audience, part, place).await?
                        && let Some(found) = self.at(part)
                    {
                        return Ok(found);
                    }
                }
                self.post_to_requester(part, message, error).await
            }
            posted => posted,
        }
    }

    /// Where there is nobody to write to, it stays at the error.
    async fn post_to_requester(
        &self,
        part: &str,
        message: &Message,
        error: SlackError,
    ) -> Result<MessageRef, SlackError> {
        match self.audience.requester {
            Some(requester) => self.post(part, requester, None, message).await,
            None => Err(error),
        }
    }

    async fn post(
        &self,
        part: &str,
        channel: &str,
        thread: Option<&str>,
        message: &Message,
    ) -> Result<MessageRef, SlackError> {
        self.sender().post(part, Spot { channel, thread }, message).await
    }

    /// Brings a message up to date. One that was never posted stays unposted, and one
    /// that somebody deleted stays deleted, but for the channel's message. Buttons that
    /// Slack lets nobody take away are explained below them.
    async fn change(&self, part: &str, message: Message) {
        if self.is_done(part) || self.attempt.is_cut() {
            return;
        }
        let Some(at) = self.at(part) else { return };
        let _call = self.attempt.call();
        match self.sender().change(part, &at, &message).await {
            Ok(()) => self.done(part),
            Err(error) if error.is(GONE) && part == ROOT => {
                tracing::info!(request.id = self.audience.id, %error, "the channel's message is gone");
                self.forget_root(&at);
                self.ensure_root().await;
            }
            Err(error) if self.failures.is_final(part, &error) => {
                self.leave_out(part, &error);
                if part::asks(part) && !error.is(GONE) {
                    Box::pin(self.write(&format!("{part}-closed"), Place::Authorizer, message)).await;
                }
            }
            Err(error) => self.failures.later(part, error),
        }
    }

    /// A message that somebody deleted is written anew.
    async fn restore(&self, part: &str, place: Place, message: Message) {
        if let Some(at) = self.at(part).filter(|_| !self.is_done(part))
            && self.look_back.is_gone(&at).await
        {
            tracing::info!(request.id = self.audience.id, part, "a message is gone");
            let key = self.audience.key(part);
            self.attempt.note(|checkpoint| _ = checkpoint.conversation.0.remove(&key));
            self.write(part, place, message).await;
        }
    }

    /// Changes a message, if it is there. Not noted: the next state comes soon.
    pub(super) async fn show(&self, part: &str, message: Message) -> Result<(), SlackError> {
        let Some(at) = self.at(part) else { return Ok(()) };
        self.sender().change(part, &at, &message).await
    }

    /// Whether changes have to be kept for what matters more than progress.
    pub(super) fn edits_are_scarce(&self) -> bool {
        self.attempt.slack.edits_are_scarce()
    }

    fn sender(&self) -> Sender<'_> {
        Sender { attempt: self.attempt, audience: self.audience }
    }

    /// Where a part is, once it was posted.
    fn at(&self, part: &str) -> Option<MessageRef> {
        self.attempt.at(&self.audience.key(part))
    }

    /// The last attempt of the work that has a message of this kind.
    pub(super) fn latest(&self, kind: &str) -> Option<u32> {
        self.attempt.checkpoint().conversation.latest(kind)
    }

    fn is_done(&self, part: &str) -> bool {
        self.attempt.checkpoint().done.contains(part)
    }

    fn done(&self, part: &str) {
        self.attempt.note(|checkpoint| _ = checkpoint.done.insert(part.to_owned()));
    }

    fn remember(&self, part: &str, message: MessageRef) {
        let key = self.audience.key(part);
        self.attempt.note(|checkpoint| _ = checkpoint.conversation.0.insert(key, message));
        self.done(part);
    }

    fn forget_root(&self, gone: &MessageRef) {
        self.attempt.forget_root(gone, self.audience.root.is_none());
    }

    /// Slack will not have this part.
    fn leave_out(&self, part: &str, error: &SlackError) {
        tracing::error!(request.id = self.audience.id, part, %error, "a message is left out");
        self.done(part);
    }
}
