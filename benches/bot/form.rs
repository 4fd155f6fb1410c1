//! How fast a form opens that has ten fields, beside one that has none: two bots of the same
//! program on the same stack, asked in turns, so that whatever the machine does hits both.

use std::time::Duration;

use anyhow::ensure;
use futures::future::try_join_all;

use super::AT_ONCE;
use super::people::People;
use super::report::{Report, percentile};
use super::stack::Stack;

/// How often each form is opened, alone and by many at once.
const COUNT: usize = 2_000;
const WARM: usize = 200;

/// Two fields of each kind.
const KINDS: [&str; 5] = [
    "kind = \"text\"\npattern = \"[a-z0-9.-]+\"\nhint = \"Such as shop.example.com\"",
    "kind = \"number\"\nmin = 1\nmax = 30",
    "kind = \"choice\"\nchoices = [\"small\", \"medium\", \"large\"]\ndefault = \"small\"",
    "kind = \"choices\"\nchoices = [\"logs\", \"metrics\", \"alerts\", \"traces\"]",
    "kind = \"switch\"\nhint = \"It can be had back then\"",
];

/// The blueprint with as many fields as there are twice of [`KINDS`].
fn blueprint() -> String {
    let fields = KINDS.iter().cycle().take(2 * KINDS.len()).enumerate().map(|(number, kind)| {
        format!("[[blueprints.fields]]\nid = \"f{number}\"\nlabel = \"Field number {number}\"\n{kind}\n")
    });
    format!("[[blueprints]]\nid = \"site\"\nname = \"Site\"\n{}", fields.collect::<String>())
}

/// The times of both, without fields first.
type Both = [Vec<Duration>; 2];

pub async fn measure(bot: &str, dynamic_config: &[String], scale: usize) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let mut stack = Stack::start(bot, dynamic_config).await?;
    stack.start_bot().await?;
    let beside = stack.beside(&blueprint()).await?;
    let bots = [stack.bot_url(), beside.url.clone()].map(|url| People::new(stack.slack.clone(), url));

    let mut seen = Vec::new();
    for bot in &bots {
        let before = stack.slack.fields();
        open(bot).await?;
        seen.push(stack.slack.fields() - before);
    }
    ensure!(seen == [0, 2 * KINDS.len() as u64], "the forms have {seen:?} fields");
    alternating(&bots, WARM, 1).await?;
    let count = COUNT * scale;
    told(&mut report, "form, one at a time", alternating(&bots, count, 1).await?);
    let before = [stack.cpu()?.bot, beside.cpu()?];
    told(&mut report, &format!("form, {AT_ONCE} at a time"), alternating(&bots, count / AT_ONCE, AT_ONCE).await?);
    let after = [stack.cpu()?.bot, beside.cpu()?];
    let opened = (count / AT_ONCE * AT_ONCE) as f64;
    for (which, name) in ["no fields", "ten fields"].into_iter().enumerate() {
        let each = (after[which] - before[which]).as_secs_f64() * 1e3 / opened;
        report.add(&format!("form, {name}, CPU of the bot each"), each, "ms");
    }
    drop(beside);
    stack.stop().await?;
    Ok(report)
}

/// Opens a form, and returns how long the command took to be acknowledged.
async fn open(bot: &People) -> anyhow::Result<Duration> {
    let trigger = format!("{}-{}", bot.bot, bot.number());
    let took = bot.command(&trigger).await?;
    ensure!(bot.slack.form(&trigger).is_some(), "no form was opened");
    Ok(took)
}

/// Opens both in turns, `rounds` times, each time `at_once`; who is first changes as well.
async fn alternating(bots: &[People; 2], rounds: usize, at_once: usize) -> anyhow::Result<Both> {
    let mut times = Both::default();
    for round in 0..rounds {
        for which in [round % 2, 1 - round % 2] {
            times[which].extend(try_join_all((0..at_once).map(|_| open(&bots[which]))).await?);
        }
    }
    Ok(times)
}

fn told(report: &mut Report, name: &str, mut times: Both) {
    for (label, share) in [("p50", 0.5), ("p99", 0.99)] {
        let [without, with] = times.each_mut().map(|times| percentile(times, share));
        report.add(&format!("{name}, no fields, {label}"), without, "ms");
        report.add(&format!("{name}, ten fields, {label}"), with, "ms");
        report.add(&format!("{name}, ten fields to none, {label}"), with / without, "");
    }
}
