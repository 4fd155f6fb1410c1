//! How the figures change while more and more requests are open: the bot keeps
//! nothing, so most of them should not.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};

use super::people::People;
use super::report::{Report, percentile};
use super::stack::Stack;
use super::{AT_ONCE, together};

const COMMANDS: usize = 5_000;
const FLOWS: usize = 64;
const STARTS: usize = 3;

/// The figures of each size, for the table at the end.
struct Growth {
    report: Report,
    open: usize,
    rows: BTreeMap<String, Vec<f64>>,
}

impl Growth {
    fn add(&mut self, name: &str, value: f64, unit: &str) {
        self.report.add(&format!("{name}, {} open", self.open), value, unit);
        let unit = if unit.is_empty() { String::new() } else { format!(", {unit}") };
        self.rows.entry(format!("{name}{unit}")).or_default().push(value);
    }

    fn print(&self, sizes: &[usize]) {
        print!("\n{:<46}", "open requests");
        sizes.iter().for_each(|size| print!(" {size:>10}"));
        println!(" last/first");
        for (name, values) in &self.rows {
            print!("{name:<46}");
            values.iter().for_each(|value| print!(" {value:>10.2}"));
            let ratio = values.first().zip(values.last()).map_or(f64::NAN, |(first, last)| last / first);
            println!(" {ratio:>10.2}");
        }
    }
}

/// Lets `sizes` requests wait, one size after the other in the same stack, and
/// measures at each: the way there, the bot that went it, and the bot started anew.
pub async fn measure(bot: &str, dynamic_config: &[String], sizes: &[usize]) -> anyhow::Result<Report> {
    let mut stack = Stack::start(bot, dynamic_config).await?;
    stack.start_bot().await?;
    let mut people = People::new(stack.slack.clone(), stack.bot_url());
    let mut growth = Growth { report: Report::default(), open: 0, rows: BTreeMap::new() };
    warm(&people).await?;
    let fresh = stack.memory()?.0;
    growth.report.add("memory, warm and nothing open", fresh, "MiB");

    for size in sizes {
        fill(&mut growth, &stack, &people, *size).await?;
        growth.add("memory, the bot that took them", stack.memory()?.0, "MiB");
        commands(&mut growth, &stack, &people).await?;
        flows(&mut growth, &stack, &people).await?;
        growth.add("memory, after the flows", stack.memory()?.0, "MiB");

        let mut starts = Vec::new();
        for _ in 0..STARTS {
            stack.stop_bot().await?;
            starts.push(stack.start_bot().await?);
        }
        growth.add("start until ready", percentile(&mut starts, 0.5), "ms");
        growth.add("memory, started anew", stack.memory()?.0, "MiB");
        people = people.again();
        warm(&people).await?;
    }
    growth.print(sizes);
    stack.stop().await?;
    Ok(growth.report)
}

/// Lets a process grow to what it has after some work, for which no open request is
/// to blame.
async fn warm(people: &People) -> anyhow::Result<()> {
    together(COMMANDS, || async { people.command(&format!("t{}", people.number())).await }).await?;
    people.flow().await?;
    Ok(())
}

/// Asks until `size` requests are open.
async fn fill(growth: &mut Growth, stack: &Stack, people: &People, size: usize) -> anyhow::Result<()> {
    let count = size.saturating_sub(growth.open);
    growth.open = size;
    let (memory, cpu) = (stack.memory()?.0, stack.cpu()?);
    let (took, mut times) =
        together(count, || async { people.wait(&format!("wait-{}", people.number())).await }).await?;
    let after = stack.cpu()?;
    let each = |total: Duration| total.as_secs_f64() * 1e3 / count.max(1) as f64;
    growth.add("submit until the card", count as f64 / took.as_secs_f64(), "1/s");
    growth.add("submission acknowledged, p99", percentile(&mut times, 0.99), "ms");
    growth.add("submit until the card, CPU of the bot", each(after.bot - cpu.bot), "ms");
    growth.add("submit until the card, CPU of Temporal", each(after.temporal - cpu.temporal), "ms");
    growth.add("memory for each of them", (stack.memory()?.0 - memory) * 1024.0 / count.max(1) as f64, "KiB");
    Ok(())
}

async fn commands(growth: &mut Growth, stack: &Stack, people: &People) -> anyhow::Result<()> {
    let before = stack.cpu()?.bot;
    let (took, mut times) =
        together(COMMANDS, || async { people.command(&format!("t{}", people.number())).await }).await?;
    let cpu = stack.cpu()?.bot - before;
    growth.add("commands, 16 at a time", COMMANDS as f64 / took.as_secs_f64(), "1/s");
    growth.add("commands, p99", percentile(&mut times, 0.99), "ms");
    growth.add("commands, CPU of the bot", cpu.as_secs_f64() * 1e3 / COMMANDS as f64, "ms");
    Ok(())
}

async fn flows(growth: &mut Growth, stack: &Stack, people: &People) -> anyhow::Result<()> {
    let before = stack.cpu()?;
    let started = Instant::now();
    let done: Vec<_> = stream::iter(0..FLOWS).map(|_| people.flow()).buffer_unordered(AT_ONCE).collect().await;
    let took = started.elapsed();
    let cpu = stack.cpu()?;
    let done = done.into_iter().collect::<anyhow::Result<Vec<_>>>()?;
    let each = |now: Duration, before: Duration| (now - before).as_secs_f64() * 1e3 / FLOWS as f64;
    growth.add("flows, 16 at a time", FLOWS as f64 / took.as_secs_f64(), "1/s");
    let mut to_progress: Vec<_> = done.iter().map(|flow| flow.to_progress).collect();
    growth.add("flows, click to progress, p50", percentile(&mut to_progress, 0.5), "ms");
    growth.add("flows, CPU of the bot", each(cpu.bot, before.bot), "ms");
    growth.add("flows, CPU of Temporal", each(cpu.temporal, before.temporal), "ms");
    growth.add("flows, CPU of moto", each(cpu.moto, before.moto), "ms");
    Ok(())
}
