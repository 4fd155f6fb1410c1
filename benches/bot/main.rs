//! What the bot costs and how fast it answers, measured from outside.
//!
//! ```sh
//! cargo bench --bench bot                                # everything, about a minute
//! cargo bench --bench bot -- --out after.json            # and keep the figures
//! cargo bench --bench bot -- --scale 10                  # ten times as many requests
//! cargo bench --bench bot -- compare before.json after.json
//! cargo bench --bench bot -- pair OLD NEW                # two binaries, alternating
//! cargo bench --bench bot -- floor                       # what the SDKs alone take for a flow's calls
//! cargo bench --bench bot -- form                        # a form with ten fields beside one without
//! cargo bench --bench bot -- --growth                    # 100, 1,000, 10,000 open requests: minutes
//! ```
//!
//! It starts a Temporal dev server, an S3 server (moto), a Slack that only
//! answers, and the release binary, each as its own process. All share the
//! machine, so think in ratios.

mod floor;
mod form;
mod growth;
mod history;
mod people;
mod report;
mod slack;
mod stack;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use futures::{StreamExt, stream};
use tokio::time::{MissedTickBehavior, interval, sleep};

use people::{Flow, People};
use report::Report;
use stack::Stack;

/// How many people act at the same time under load.
const AT_ONCE: usize = 16;
/// The steady load, in deliveries a second.
const STEADY: u32 = 100;
const STARTS: usize = 5;

#[derive(Parser)]
struct Arguments {
    /// Given by `cargo bench`, behind everything else.
    #[arg(long, hide = true, global = true)]
    bench: bool,
    /// The binary to measure.
    #[arg(long, default_value = env!("CARGO_BIN_EXE_provision-bot"))]
    bot: String,
    /// Where to keep the figures, as JSON.
    #[arg(long)]
    out: Option<PathBuf>,
    /// How many times the usual number of requests.
    #[arg(long, default_value_t = 1)]
    scale: usize,
    /// How many flows at the same time.
    #[arg(long, default_value_t = AT_ONCE)]
    flows_at_once: usize,
    /// Measure instead how the figures change while this many requests are open.
    #[arg(long, require_equals = true, num_args = 0..=1, value_delimiter = ',', value_name = "OPEN,…",
          default_missing_value = "100,1000,10000")]
    growth: Option<Vec<usize>>,
    /// A setting of the Temporal dev server, such as `history.transferProcessorMaxPollRPS=1000`.
    #[arg(long, value_name = "KEY=VALUE")]
    dynamic_config: Vec<String>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Compares two files of figures.
    Compare { before: PathBuf, after: PathBuf },
    /// What the SDKs alone take for the calls of a flow.
    Floor,
    /// Opening a form with ten fields, beside one without.
    Form,
    /// Measures two binaries, alternating, and compares the medians.
    Pair {
        old: String,
        new: String,
        #[arg(long, default_value_t = 3)]
        rounds: usize,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    match &arguments.command {
        None => {
            let report = arguments.measure(&arguments.bot).await?;
            if let Some(path) = &arguments.out {
                report.save(path)?;
            }
        }
        Some(Command::Compare { before, after }) => Report::compare(&Report::load(before)?, &Report::load(after)?),
        Some(Command::Form) => {
            let report = form::measure(&arguments.bot, &arguments.dynamic_config, arguments.scale).await?;
            if let Some(path) = &arguments.out {
                report.save(path)?;
            }
        }
        Some(Command::Floor) => drop(floor::measure(&arguments.bot, &arguments.dynamic_config).await?),
        Some(Command::Pair { old, new, rounds }) => {
            let (mut olds, mut news) = (Vec::new(), Vec::new());
            for round in 1..=*rounds {
                println!("\n== round {round}, {old}");
                olds.push(arguments.measure(old).await?);
                println!("\n== round {round}, {new}");
                news.push(arguments.measure(new).await?);
            }
            Report::compare(&Report::median(&olds), &Report::median(&news));
        }
    }
    Ok(())
}

impl Arguments {
    async fn measure(&self, bot: &str) -> anyhow::Result<Report> {
        match &self.growth {
            Some(sizes) => growth::measure(bot, &self.dynamic_config, sizes).await,
            None => self.measure_all(bot).await,
        }
    }

    async fn measure_all(&self, bot: &str) -> anyhow::Result<Report> {
        let mut report = Report::default();
        let mut stack = Stack::start(bot, &self.dynamic_config).await?;

        let mut starts = Vec::new();
        for _ in 0..STARTS {
            starts.push(stack.start_bot().await?);
            stack.stop_bot().await?;
        }
        report.times("start until ready", starts);

        stack.start_bot().await?;
        report.add("memory, just started", stack.memory()?.0, "MiB");
        let people = People::new(stack.slack.clone(), stack.bot_url());

        commands(&mut report, &stack, &people, self.scale).await?;
        flows(&mut report, &stack, &people, 320 * self.scale, self.flows_at_once).await?;
        submissions(&mut report, &stack, &people, self.scale).await?;
        report.add("memory, peak", stack.memory()?.1, "MiB");

        pending(&mut report, &mut stack, self.scale).await?;
        history::measure(&mut report, &stack).await?;
        stack.stop().await?;
        Ok(report)
    }
}

/// `/provision`, which opens a form.
async fn commands(report: &mut Report, stack: &Stack, people: &People, scale: usize) -> anyhow::Result<()> {
    let command = || async { people.command(&format!("t{}", people.number())).await };
    together(200, command).await?; // warm
    let count = 5_000 * scale;
    let before = stack.cpu()?;
    let (took, times) = together(count, command).await?;
    let cpu = stack.cpu()?.bot - before.bot;
    report.add("commands, 16 at a time", count as f64 / took.as_secs_f64(), "1/s");
    report.times("commands, 16 at a time", times);
    report.add("commands, CPU of the bot each", cpu.as_secs_f64() * 1e3 / count as f64, "ms");
    report.times("commands, 100 a second", steadily(1_000 * scale, command).await?);
    Ok(())
}

/// Submitted forms, which start workflows.
async fn submissions(report: &mut Report, stack: &Stack, people: &People, scale: usize) -> anyhow::Result<()> {
    let submit = || async { people.ask(&format!("load-{}", people.number())).await };
    let count = 200 * scale;
    let before = stack.cpu()?;
    let (took, times) = together(count, submit).await?;
    let cpu = stack.cpu()?.bot - before.bot;
    report.add("submissions, 16 at a time", count as f64 / took.as_secs_f64(), "1/s");
    report.times("submissions, 16 at a time", times);
    report.add("submissions, CPU of the bot each", cpu.as_secs_f64() * 1e3 / count as f64, "ms");
    Ok(())
}

/// The dev server reads its queue of transfer tasks at most 20 times a second. After
/// this pause it has not run out of that, so that a flow alone is what is measured.
const ALONE_AFTER: Duration = Duration::from_millis(500);

/// Requests from the command to the bucket.
async fn flows(
    report: &mut Report,
    stack: &Stack,
    people: &People,
    count: usize,
    at_once: usize,
) -> anyhow::Result<()> {
    people.flow().await?; // warm
    let calls = stack.slack.calls();
    let (mut alone, mut in_turn) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        sleep(ALONE_AFTER).await;
        alone.push(people.flow().await?);
    }
    let total = |calls: &std::collections::HashMap<String, u64>| calls.values().sum::<u64>();
    let updates = |calls: &std::collections::HashMap<String, u64>| calls.get("chat.update").copied().unwrap_or(0);
    let after = stack.slack.calls();
    report.add("flow alone, Slack calls", (total(&after) - total(&calls)) as f64 / 20.0, "");
    report.add("flow alone, of them chat.update", (updates(&after) - updates(&calls)) as f64 / 20.0, "");
    moments(report, "flow alone", &alone);
    for _ in 0..20 {
        in_turn.push(people.flow().await?);
    }
    moments(report, "flows in turn", &in_turn);

    let name = format!("flows, {at_once} at a time");
    let before = stack.cpu()?;
    let started = Instant::now();
    let done: Vec<_> = stream::iter(0..count).map(|_| people.flow()).buffer_unordered(at_once).collect().await;
    let took = started.elapsed();
    let cpu = stack.cpu()?;
    let done = done.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    report.add(&name, count as f64 / took.as_secs_f64(), "1/s");
    moments(report, &name, &done);
    let each = |now: Duration, before: Duration| (now - before).as_secs_f64() * 1e3 / count as f64;
    report.add("flow, CPU of the bot", each(cpu.bot, before.bot), "ms");
    report.add("flow, CPU of Temporal", each(cpu.temporal, before.temporal), "ms");
    report.add("flow, CPU of moto", each(cpu.moto, before.moto), "ms");
    report.add("flow, CPU of the people and their Slack", each(cpu.people, before.people), "ms");
    let others = (cpu.temporal - before.temporal) + (cpu.moto - before.moto);
    let cores = std::thread::available_parallelism()?.get() as f64;
    let share = others.as_secs_f64() / (took.as_secs_f64() * cores);
    report.add("flows, share of what Temporal and moto leave", share * 100.0, "%");
    Ok(())
}

fn moments(report: &mut Report, name: &str, flows: &[Flow]) {
    report.times(&format!("{name}, whole"), flows.iter().map(|flow| flow.whole).collect());
    report.times(&format!("{name}, click to progress"), flows.iter().map(|flow| flow.to_progress).collect());
    report.times(&format!("{name}, click to outcome"), flows.iter().map(|flow| flow.to_outcome).collect());
}

/// The memory of a bot whose requests wait.
async fn pending(report: &mut Report, stack: &mut Stack, scale: usize) -> anyhow::Result<()> {
    stack.stop_bot().await?;
    stack.start_bot().await?;
    let people = People::new(stack.slack.clone(), stack.bot_url());
    let mut asked = 0;
    for goal in [200, 2_000 * scale] {
        together(goal - asked, || async { people.wait(&format!("wait-{}", people.number())).await }).await?;
        asked = goal;
        report.add(&format!("memory, {goal} pending"), stack.memory()?.0, "MiB");
    }
    Ok(())
}

/// Does something `count` times, 16 at a time.
async fn together<F>(count: usize, act: impl Fn() -> F) -> anyhow::Result<(Duration, Vec<Duration>)>
where
    F: Future<Output = anyhow::Result<Duration>>,
{
    let started = Instant::now();
    let times: Vec<_> = stream::iter(0..count).map(|_| act()).buffer_unordered(AT_ONCE).collect().await;
    let took = started.elapsed();
    Ok((took, times.into_iter().collect::<anyhow::Result<_>>()?))
}

/// Does something `count` times, 100 times a second, however long each takes.
async fn steadily<F>(count: usize, act: impl Fn() -> F) -> anyhow::Result<Vec<Duration>>
where
    F: Future<Output = anyhow::Result<Duration>>,
{
    let mut ticks = interval(Duration::from_secs(1) / STEADY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let beats = stream::unfold(ticks, |mut ticks| async move {
        ticks.tick().await;
        Some(((), ticks))
    });
    let times: Vec<_> = beats.take(count).map(|()| act()).buffer_unordered(1_000).collect().await;
    times.into_iter().collect()
}
