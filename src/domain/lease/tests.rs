//! Lives of what was built, told moment by moment.

use serde_json::json;

use super::act::{LeaseAccepted, LeaseAct, LeaseKind};
use super::judge::LeaseRefusal;
use super::state::LeaseStatus::{Active, Closed, Missing, NeedsAttention, ReadOnly, Removed, Removing};
use super::*;
use crate::domain::act::Door;

const NOON: Moment = Moment(1_795_773_600);
const DAY: u64 = 24 * 60 * 60;

/// A lease, and the time it lives in.
struct Life {
    lease: Lease,
    terms: Terms,
    levels: bool,
    now: Moment,
}

fn terms() -> Terms {
    Terms {
        ends: true,
        lifetime: Lifetime::For(30 * DAY),
        longest: Some(90 * DAY),
        total: Some(100 * DAY),
        warn: vec![7 * DAY, DAY],
        read_only: 7 * DAY,
        closed: 14 * DAY,
        free_extensions: 1,
        ..Terms::default()
    }
}

fn leased() -> Leased {
    serde_json::from_value(json!({
        "requestId": "checkout-7f3a9c0011", "applicationName": "checkout", "teamId": "payments", "blueprint": "bucket",
        "owner": "U0ALICE", "requesterId": "U0ALICE", "signers": ["U0EVE", "U0BOB"], "channelId": "C1",
        "threadTs": "1.2", "region": "us-east-1", "profile": "sandbox", "outputs": { "bucketName": "b" }
    }))
    .unwrap()
}

impl Life {
    fn new(terms: Terms) -> Self {
        Self { lease: Lease::new(&leased(), &terms, NOON), terms, levels: true, now: NOON }
    }

    /// Does what there is to do, as whoever carries it; what people were told.
    fn settle(&mut self) -> Vec<&'static str> {
        let mut words = Vec::new();
        loop {
            self.lease.time(&self.terms, self.levels, self.now);
            if let Some(level) = self.lease.wanted() {
                self.lease.taken(level, &self.terms, self.now);
            } else if let Some(notice) = self.lease.tell() {
                words.push(notice.word());
                self.lease.told(&notice, &self.terms, self.now);
            } else if self.lease.is_to_go() {
                self.lease.is_gone(self.now);
            } else {
                return words;
            }
        }
    }

    /// Goes to so many seconds after noon.
    fn at(&mut self, seconds: u64) -> Vec<&'static str> {
        self.now = NOON.after(Duration::from_secs(seconds));
        self.settle()
    }

    fn does(&mut self, act: &LeaseAct) -> Result<LeaseAccepted, LeaseRefusal> {
        let accepted = self.lease.judge(act, &self.terms, self.now)?;
        self.lease.does(act, &accepted, &self.terms, self.now);
        Ok(accepted)
    }

    fn status(&self) -> LeaseStatus {
        self.lease.status
    }

    /// How long until something is due.
    fn due(&self) -> Option<u64> {
        self.lease.next_deadline().map(|due| due.since(NOON).as_secs())
    }
}

fn act(act: LeaseKind, by: &str) -> LeaseAct {
    LeaseAct::new(act, by, Door::Slack)
}

fn alice(kind: LeaseKind) -> LeaseAct {
    act(kind, "U0ALICE")
}

#[test]
fn what_has_no_end_stays_until_somebody_is_done_with_it() {
    let mut life = Life::new(Terms::default());
    assert!(life.settle().is_empty());
    assert_eq!((life.due(), life.lease.ends_at, life.lease.next_step_at()), (None, None, None));
    life.does(&alice(LeaseKind::Remove)).unwrap();
    assert_eq!((life.status(), life.lease.wanted()), (Closed, Some(Level::Closed)));
    assert_eq!(life.settle(), ["discarded"]);
    assert_eq!(life.due(), Some(3600));
    assert!(life.at(3599).is_empty());
    assert_eq!(life.at(3600), ["removing", "removed"]);
    assert_eq!(life.status(), Removed);
    assert_eq!(life.due(), None);
}

#[test]
fn a_whole_life_goes_step_by_step_and_says_each_before() {
    let mut life = Life::new(terms());
    assert_eq!(life.due(), Some(23 * DAY));
    assert_eq!(life.at(23 * DAY), ["ends"]);
    assert_eq!(life.due(), Some(29 * DAY));
    assert_eq!(life.at(29 * DAY), ["ends"]);
    assert_eq!((life.due(), life.status()), (Some(30 * DAY), Active));
    assert_eq!(life.at(30 * DAY), ["read_only"]);
    assert_eq!((life.due(), life.status(), life.lease.level), (Some(37 * DAY), ReadOnly, Level::ReadOnly));
    assert_eq!(life.at(37 * DAY), ["closed"]);
    assert_eq!((life.due(), life.status()), (Some(51 * DAY), Closed));
    assert_eq!(life.at(51 * DAY), ["removing", "removed"]);
    assert_eq!(life.lease.round, 5, "each change of status is a round");
}

/// Whoever was away takes one step at a time, each with its warning first.
#[test]
fn after_forty_days_away_nothing_is_skipped() {
    let mut life = Life::new(terms());
    assert_eq!(life.at(200 * DAY), ["ends"], "only the last warning that is due");
    assert_eq!((life.status(), life.due()), (Active, Some(201 * DAY)));
    assert_eq!(life.at(240 * DAY), ["read_only"]);
    assert_eq!(life.due(), Some(247 * DAY));
    assert_eq!(life.at(300 * DAY), ["closed"]);
    assert_eq!(life.due(), Some(314 * DAY));
    assert_eq!(life.at(314 * DAY), ["removing", "removed"]);
}

#[test]
fn a_short_term_has_a_word_of_its_own_before_its_end() {
    let mut life = Life::new(Terms { lifetime: Lifetime::For(60), warn: vec![40], ..terms() });
    assert_eq!(life.due(), Some(60));
    assert_eq!(life.at(60), ["ends", "read_only"]);
}

#[test]
fn without_levels_it_goes_at_its_end() {
    let mut life = Life { levels: false, ..Life::new(terms()) };
    life.at(23 * DAY);
    life.lease.time(&life.terms, false, NOON.after(Duration::from_secs(29 * DAY)));
    let Some(LeaseNotice::Ends { becomes, removed_from, at, .. }) = life.lease.untold.front().cloned() else {
        panic!()
    };
    assert_eq!((becomes, removed_from), (Removing, at));
    assert_eq!(life.at(29 * DAY), ["ends"]);
    assert_eq!(life.at(30 * DAY), ["removing", "removed"]);
    // What is undone by hand is closed first all the same, in word only.
    let mut life = Life { levels: false, ..Life::new(terms()) };
    life.does(&alice(LeaseKind::Remove)).unwrap();
    assert_eq!((life.settle(), life.status()), (vec!["discarded"], Closed));
}

#[test]
fn what_is_kept_is_as_it_was_and_its_end_does_not_move() {
    let mut life = Life::new(terms());
    life.at(30 * DAY);
    life.at(29 * DAY);
    life.at(31 * DAY);
    assert_eq!(life.status(), ReadOnly);
    let (end, due) = (life.lease.ends_at, life.due());
    life.does(&act(LeaseKind::Remove, "U0BOB")).unwrap();
    assert_eq!((life.settle(), life.status()), (vec!["discarded"], Closed));
    assert_eq!(life.does(&alice(LeaseKind::Extend)), Err(LeaseRefusal::KeepFirst { by: "U0BOB".into() }));
    assert!(matches!(life.does(&alice(LeaseKind::Remove)), Err(LeaseRefusal::Discarded { .. })));
    assert_eq!(life.does(&alice(LeaseKind::Keep)), Ok(LeaseAccepted::Reopened));
    assert_eq!((life.settle(), life.status(), life.lease.level), (vec!["kept"], ReadOnly, Level::ReadOnly));
    assert_eq!((life.lease.ends_at, life.due()), (end, due));
}

#[test]
fn keep_and_done_from_two_phones() {
    let mut life = Life::new(Terms::default());
    let seen = Some(life.lease.round);
    let remove = LeaseAct { round: seen, ..alice(LeaseKind::Remove) };
    life.does(&remove).unwrap();
    assert_eq!(life.does(&remove), Ok(LeaseAccepted::Again), "the same click twice");
    let late = LeaseAct { round: seen, ..act(LeaseKind::Remove, "U0BOB") };
    assert_eq!(life.does(&late), Err(LeaseRefusal::OtherRound { round: life.lease.round }));
    // Before it was even closed.
    life.does(&alice(LeaseKind::Keep)).unwrap();
    assert_eq!((life.settle(), life.status(), life.lease.level), (vec!["kept"], Active, Level::Open));
    assert_eq!(life.does(&alice(LeaseKind::Keep)), Err(LeaseRefusal::NothingToKeep));
}

#[test]
fn an_extension_counts_from_the_end_and_has_its_limits() {
    let mut life = Life::new(terms());
    let extend = |seconds| LeaseAct { seconds: Some(seconds), ..alice(LeaseKind::Extend) };
    assert_eq!(life.does(&extend(91 * DAY)), Err(LeaseRefusal::TooLong { most: 90 * DAY }));
    let total = NOON.after(Duration::from_secs(100 * DAY));
    assert_eq!(life.does(&extend(80 * DAY)), Err(LeaseRefusal::Total { ends: total }), "never cut to fit");
    life.at(23 * DAY);
    life.at(29 * DAY);
    let until = NOON.after(Duration::from_secs(60 * DAY));
    assert_eq!(life.does(&alice(LeaseKind::Extend)), Ok(LeaseAccepted::Extended { until }));
    assert_eq!((life.settle(), life.lease.extensions, life.due()), (vec!["kept"], 1, Some(53 * DAY)), "warned anew");
    assert_eq!(life.does(&alice(LeaseKind::Extend)), Err(LeaseRefusal::NeedsApproval { free: 1 }));
    assert_eq!(Life::new(Terms::default()).does(&alice(LeaseKind::Extend)), Err(LeaseRefusal::NoEnd));
}

#[test]
fn after_the_end_keeping_is_an_extension_and_opens_it() {
    let mut life = Life::new(Terms { lifetime: Lifetime::For(10 * DAY), ..terms() });
    for day in [9, 10, 17] {
        life.at(day * DAY);
    }
    assert_eq!(life.status(), Closed);
    let until = NOON.after(Duration::from_secs(28 * DAY));
    life.at(18 * DAY);
    assert_eq!(life.does(&act(LeaseKind::Keep, "U0BOB")), Ok(LeaseAccepted::Extended { until }));
    assert_eq!((life.settle(), life.status(), life.lease.level), (vec!["kept"], Active, Level::Open));
    // Later than that nothing stops it.
    let mut gone = Life::new(Terms::default());
    gone.does(&alice(LeaseKind::Remove)).unwrap();
    gone.settle();
    gone.at(3600);
    assert!(matches!(gone.does(&alice(LeaseKind::Keep)), Err(LeaseRefusal::Past { status: Removed, .. })));
}

#[test]
fn what_does_not_work_waits_for_a_person() {
    let failure = Failure { step: None, cause: "AccessDenied".into(), advice: "Mend it".into(), attempt: 1 };
    let mut life = Life::new(Terms::default());
    assert_eq!(life.does(&alice(LeaseKind::Retry)), Err(LeaseRefusal::NothingToChoose));
    life.does(&alice(LeaseKind::Remove)).unwrap();
    life.lease.fails(failure.clone(), life.now);
    assert_eq!((life.settle(), life.status(), life.due()), (vec!["needs_attention"], NeedsAttention, None));
    assert!(matches!(life.does(&alice(LeaseKind::Keep)), Err(LeaseRefusal::Past { .. })));
    life.does(&act(LeaseKind::GiveUp, "U0BOB")).unwrap();
    assert_eq!((life.settle(), life.status()), (vec!["left_alone"], NeedsAttention), "and stays so");
    life.does(&alice(LeaseKind::Retry)).unwrap();
    assert_eq!((life.settle(), life.status(), &life.lease.failure), (vec!["discarded"], Closed, &None));
    life.at(3600);
    assert_eq!(life.status(), Removed);
}

/// Of what nobody could be told nothing comes, until it is told.
#[test]
fn what_nobody_was_told_of_does_not_come() {
    let failure = || Failure { step: None, cause: "Slack".into(), advice: String::new(), attempt: 1 };
    let mut life = Life::new(terms());
    life.now = NOON.after(Duration::from_secs(29 * DAY));
    life.lease.time(&life.terms, true, life.now);
    assert_eq!(life.lease.tell().map(|it| it.word()), Some("ends"));
    life.lease.fails(failure(), life.now);
    assert_eq!((life.at(60 * DAY), life.due()), (vec!["needs_attention"], None));
    life.does(&alice(LeaseKind::Retry)).unwrap();
    assert_eq!((life.settle(), life.due()), (vec!["ends"], Some(61 * DAY)), "its time was over long ago");
    let mut life = Life::new(Terms::default());
    life.does(&alice(LeaseKind::Remove)).unwrap();
    life.lease.taken(Level::Closed, &life.terms, life.now);
    assert!(life.lease.tell().is_some());
    life.lease.fails(failure(), life.now);
    assert_eq!((life.at(7200), life.due()), (vec!["needs_attention"], None));
    life.does(&alice(LeaseKind::Retry)).unwrap();
    assert_eq!((life.settle(), life.due()), (vec!["discarded"], Some(7200 + 3600)));
}

#[test]
fn who_may_do_what() {
    let mut life = Life::new(terms());
    for kind in [LeaseKind::Keep, LeaseKind::Remove, LeaseKind::Retry, LeaseKind::GiveUp] {
        assert!(life.lease.may_be_done(kind, "U0BOB"), "{kind:?}: the last signer");
        assert!(!life.lease.may_be_done(kind, "U0EVE") && !life.lease.may_be_done(kind, "U0CAROL"), "{kind:?}");
    }
    for kind in [LeaseKind::Extend, LeaseKind::Give] {
        assert!(life.lease.may_be_done(kind, "U0ALICE") && !life.lease.may_be_done(kind, "U0BOB"), "{kind:?}");
    }
    let give = LeaseAct { to: Some("U0CAROL".into()), ..alice(LeaseKind::Give) };
    assert_eq!(life.does(&LeaseAct { to: None, ..give.clone() }), Err(LeaseRefusal::Value { name: "to".into() }));
    life.does(&give).unwrap();
    assert_eq!((life.settle(), life.lease.owner.as_str()), (vec!["given"], "U0CAROL"));
    assert!(matches!(life.does(&alice(LeaseKind::Extend)), Err(LeaseRefusal::NotYours { .. })));
}

#[test]
fn what_is_missing_is_only_ended() {
    let mut life = Life::new(terms());
    life.lease.status = Missing;
    assert!(matches!(life.does(&alice(LeaseKind::Extend)), Err(LeaseRefusal::Past { .. })));
    life.does(&alice(LeaseKind::Remove)).unwrap();
    assert_eq!(life.settle(), ["removing", "removed"]);
}

#[test]
fn it_survives_whatever_carries_it() {
    let mut life = Life::new(terms());
    life.at(29 * DAY);
    life.does(&alice(LeaseKind::Remove)).unwrap();
    let kept = serde_json::to_value(&life.lease).unwrap();
    assert_eq!(serde_json::from_value::<Lease>(kept).unwrap(), life.lease);
}
