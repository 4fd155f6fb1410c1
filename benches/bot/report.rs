//! Figures: collected by name, printed as a table, kept as JSON, compared by ratio.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// One measured figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    pub value: f64,
    pub unit: String,
}

/// All figures of a run, in the order of their names.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    pub figures: BTreeMap<String, Figure>,
}

impl Report {
    /// Notes a figure, and prints it.
    pub fn add(&mut self, name: &str, value: f64, unit: &str) {
        println!("{name:<58} {value:>12.2} {unit}");
        self.figures.insert(name.to_owned(), Figure { value, unit: unit.to_owned() });
    }

    /// The usual percentiles of times.
    pub fn times(&mut self, name: &str, mut times: Vec<Duration>) {
        for (label, share) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)] {
            self.add(&format!("{name}, {label}"), percentile(&mut times, share), "ms");
        }
    }

    pub fn save(&self, path: &Path) -> anyhow::Result<()> {
        fs::write(path, serde_json::to_string_pretty(self)?).with_context(|| path.display().to_string())
    }

    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Each figure that both have, and the second's share of the first.
    pub fn compare(before: &Self, after: &Self) {
        println!("{:<58} {:>12} {:>12} {:>8}", "figure", "before", "after", "ratio");
        for (name, old) in &before.figures {
            let Some(new) = after.figures.get(name) else { continue };
            let ratio = if old.value == 0.0 { f64::NAN } else { new.value / old.value };
            println!("{name:<58} {:>12.2} {:>12.2} {ratio:>8.2} {}", old.value, new.value, new.unit);
        }
    }

    /// The median of each figure over several runs.
    pub fn median(runs: &[Self]) -> Self {
        let mut all: BTreeMap<String, Vec<&Figure>> = BTreeMap::new();
        for (name, figure) in runs.iter().flat_map(|run| &run.figures) {
            all.entry(name.clone()).or_default().push(figure);
        }
        let middle = |mut figures: Vec<&Figure>| {
            figures.sort_by(|a, b| a.value.total_cmp(&b.value));
            figures[figures.len() / 2].clone()
        };
        Self { figures: all.into_iter().map(|(name, figures)| (name, middle(figures))).collect() }
    }
}

/// The time that this share of all is not longer than, in milliseconds.
pub fn percentile(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    let index = (share * times.len() as f64).ceil() as usize;
    times.get(index.clamp(1, times.len().max(1)) - 1).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}
