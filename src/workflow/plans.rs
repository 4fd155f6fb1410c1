//! What a request remembers of its plans: what the provisioner is still to be asked, and what
//! it left behind.

use std::collections::VecDeque;

use provisioner::ProvisionInput;

use crate::domain::blueprint::Blueprint;
use crate::domain::lifecycle::Failure;

/// How often in a row a plan is made anew without asking anybody.
pub(super) const ANEW_AT_MOST: u32 = 3;

/// What there is of plans, and of what else is asked of a provisioner beside the story.
#[derive(Default)]
pub(super) struct Plans {
    pub(super) jobs: VecDeque<Job>,
    /// What the plans left that were begun last and of which nothing was built.
    pub(super) left: Vec<Left>,
    /// People are being told how far a plan is.
    pub(super) is_told: bool,
    /// The story is over.
    pub(super) is_over: bool,
    /// How often people were told that something cannot be removed.
    pub(super) told: u32,
}

/// Something a provisioner is asked.
pub(super) enum Job {
    Plan,
    Remove(Box<Left>),
}

/// Something that may have to be removed.
#[derive(Clone)]
pub(super) struct Left {
    /// As it was made.
    pub(super) input: ProvisionInput,
    /// Who made it.
    pub(super) blueprint: Blueprint,
    /// Of a plan, and not of building.
    pub(super) is_plan: bool,
}

impl Job {
    pub(super) fn remove(left: Left) -> Self {
        Self::Remove(Box::new(left))
    }
}

impl Left {
    pub(super) fn plan(input: ProvisionInput, blueprint: Blueprint) -> Self {
        Self { input, blueprint, is_plan: true }
    }

    pub(super) fn built(input: ProvisionInput, blueprint: Blueprint) -> Self {
        Self { input, blueprint, is_plan: false }
    }
}

impl Plans {
    /// What is next: at the end, that nothing is left.
    pub(super) fn next(&mut self) -> Option<Job> {
        self.jobs.pop_front().or_else(|| self.left.pop().map(Job::remove))
    }

    /// The plan that was begun for this one has this name, or came to nothing.
    pub(super) fn is_there(&mut self, application_id: &str, id: Option<&str>) {
        if let Some(left) = self.left.iter_mut().find(|left| left.input.application_id == application_id) {
            left.input.plan_id = id.map(str::to_owned);
        }
    }

    /// What the plan of this one left is what is built of now.
    pub(super) fn is_built(&mut self, application_id: &str) {
        self.left.retain(|left| left.input.application_id != application_id);
    }

    /// What the plans left is removed now.
    pub(super) fn discard(&mut self) {
        self.jobs.extend(self.left.drain(..).map(Job::remove));
    }
}

/// The ID of the activity that makes a plan.
pub(super) fn plan_activity_id(number: u32) -> String {
    format!("plan-{number}")
}

/// What people read whose plan did not hold so often.
pub(super) fn never_holds(failure: Failure) -> Failure {
    let cause = format!(
        "The plan did not hold any more, and neither did {ANEW_AT_MOST} that were made anew: {}",
        failure.cause
    );
    let advice = "Find out what changes in between, then try again: another plan is made first.".to_owned();
    Failure { cause, advice, ..failure }
}
