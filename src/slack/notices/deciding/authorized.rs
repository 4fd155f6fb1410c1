//! The authorizer approved, and the provisioner is at work.

use crate::domain::notice::part::ROOT;
use crate::domain::notice::{Authorized, Notification};
use crate::slack::notices::plan::{Known, Place, Plan, Step, begin_progress, close_card, to_channel};
use crate::slack::notices::words::Words;
use crate::slack::views::Message;
use crate::slack::views::decision::Decided;
use crate::slack::views::parts::{NAME_MAX, application, place, you};
use crate::slack::views::text::{Markup, Text, mention};
use crate::slack::views::thread::Root;

impl Words for Authorized {
    fn plan<'a>(&self, n: &'a Notification, _known: &Known) -> Plan<'a> {
        let root = self.root(n);
        Plan::default()
            // The others are in its thread.
            .then(Step::WriteMissing { part: ROOT.to_owned(), place: Place::Channel, message: root })
            .then_together([begin_progress(n, self.attempt), close_card(self.decided(n)), to_channel(self.root(n))])
    }

    fn root(&self, n: &Notification) -> Message {
        let headline = format!("🔨 {} is being built. {} approved it.", application(n), mention(&self.decided_by));
        let place = place(&self.region, Some(&self.profile)).collect();
        Root { place, ..Root::open(headline) }.message(n)
    }

    fn decided(&self, n: &Notification) -> Message {
        let headline = format!("✅ {} approved {}.", you(n, &self.decided_by), application(n));
        let [region, profile] = [&self.region, &self.profile].map(|name| Text::line_or_dash(name, NAME_MAX));
        let decided = Decided {
            place: place(&self.region, Some(&self.profile)).collect(),
            more: Markup::ours(format!(" Region: {region}. AWS profile: {profile}.")),
            ..Decided::new(n, headline)
        };
        decided.message(n)
    }
}
