//! A child process that ends when we do, however we end.
//!
//! Between us and the program stands a small shell script that holds the other
//! end of a pipe, the lifeline. When the pipe closes, because we let go of it or
//! because we died, `kill -9` included, the script ends the program. A line in
//! the pipe is the name of a signal to send, and is answered by a line when it
//! has been sent. It works on any Unix, from any thread, and needs no unsafe code.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::time::timeout;

use super::tools::Program;

/// The script. `$@` is the program with its arguments; its standard input is
/// empty, so that only the watcher holds the lifeline, and all it says goes to
/// standard error, since standard output carries the watcher's answers. After a
/// polite TERM the program has [`GRACE`] to end.
const LIFELINE: &str = r#"
exec 3<&0 </dev/null
"$@" 3<&- >&2 &
program=$!
{
  trap '' PIPE
  while read -r signal <&3; do
    kill -"$signal" "$program" 2>/dev/null
    echo sent
  done
  kill -CONT "$program" 2>/dev/null
  kill -TERM "$program" 2>/dev/null
  sleep 5
  kill -KILL "$program" 2>/dev/null
} &
watcher=$!
exec 3<&-
wait "$program"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"
"#;

/// The `sleep` in [`LIFELINE`], and a second for the signals to arrive.
const GRACE: Duration = Duration::from_secs(6);

/// How many lines of a log are shown when a start fails.
const COMPLAINT: usize = 15;

/// What to run.
pub struct Command {
    /// What people call it.
    pub name: &'static str,
    program: PathBuf,
    args: Vec<String>,
    env: Vec<(String, OsString)>,
}

impl Command {
    pub fn new(name: &'static str, program: &Program, args: Vec<String>) -> Self {
        Self { name, program: program.path.clone(), args, env: program.env.clone() }
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }
}

/// A command that runs `program` on a lifeline; arguments and environment may be
/// added. For [`Child::spawn`].
pub fn on_a_lifeline(program: &Path) -> tokio::process::Command {
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", LIFELINE, "sh"]).arg(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command.process_group(0); // so that Ctrl-C reaches us alone, and we stop things in order
    command
}

/// A running program. Dropped, it is ended, though nobody waits for that.
pub struct Child {
    process: tokio::process::Child,
    lifeline: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    log: Option<PathBuf>,
}

impl Child {
    /// Starts `command`, its output going to the file `log`.
    pub fn start(command: &Command, log: &Path) -> anyhow::Result<Self> {
        let mut process = on_a_lifeline(&command.program);
        process
            .args(&command.args)
            .envs(command.env.iter().map(|(name, value)| (name, value)))
            .stderr(File::create(log).context("the log of a child process")?);
        let child = Self::spawn(&mut process).with_context(|| format!("the {} cannot be started", command.name))?;
        Ok(Self { log: Some(log.to_owned()), ..child })
    }

    /// Starts a command made [`on_a_lifeline`].
    pub fn spawn(command: &mut tokio::process::Command) -> anyhow::Result<Self> {
        let mut process = command.spawn()?;
        let lifeline = process.stdin.take().context("a child process without an input")?;
        let answers = process.stdout.take().context("a child process without an output")?;
        Ok(Self { process, lifeline, answers: BufReader::new(answers).lines(), log: None })
    }

    /// The status, if it has ended by itself.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.process.try_wait()?)
    }

    /// What it said.
    pub fn said(&self) -> String {
        let said = self.log.as_ref().and_then(|log| fs::read(log).ok()).unwrap_or_default();
        String::from_utf8_lossy(&said).into_owned()
    }

    /// Sends the signal of this name, such as `STOP`; it is sent when this returns.
    pub async fn signal(&mut self, name: &str) -> anyhow::Result<()> {
        self.lifeline.write_all(format!("{name}\n").as_bytes()).await.context("the child process is gone")?;
        timeout(GRACE, self.answers.next_line()).await??.context("the child process is gone")?;
        Ok(())
    }

    /// Waits until it has ended.
    pub async fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        Ok(self.process.wait().await?)
    }

    /// Asks it to end, and waits until it has.
    pub async fn stop(self) {
        let Self { mut process, lifeline, .. } = self;
        drop(lifeline);
        let _ = timeout(GRACE, process.wait()).await;
    }

    /// Ends it at once, without asking.
    pub async fn kill(mut self) {
        let _ = self.signal("KILL").await;
        self.stop().await;
    }
}

/// What a program that ended complained of: behind the first line of a complaint there
/// may be a stack trace of any length, and before it anything.
pub fn complaint(said: &str) -> String {
    let lines: Vec<&str> = said.lines().collect();
    let complains = |line: &&str| {
        let line = line.to_lowercase();
        ["panic", "fatal", "error", "already in use"].iter().any(|word| line.contains(word))
    };
    let end = lines.len().saturating_sub(COMPLAINT);
    let first = lines.iter().position(complains).unwrap_or(end).min(end);
    if first == end {
        return lines[end..].join("\n");
    }
    let (head, tail) = (COMPLAINT * 2 / 3, COMPLAINT / 3);
    let head = &lines[first..(first + head).min(lines.len())];
    let tail = &lines[lines.len() - tail..];
    [head, &["…"], tail].concat().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_begins_with_its_first_line() {
        let trace = |n: usize| (0..n).map(|n| format!("goroutine {n}\n")).collect::<String>();
        let said =
            format!("a warning\npanic: listen tcp 127.0.0.1:7: bind: address already in use\n{}the end", trace(90));
        let told = complaint(&said);
        assert!(told.starts_with("panic: listen tcp 127.0.0.1:7: bind: address already in use\n"), "{told}");
        assert!(told.ends_with("\nthe end"), "{told}");
        assert!(told.lines().count() <= COMPLAINT + 1, "{told}");
        // Short ones are told in full, and without a complaint the last lines.
        assert_eq!(complaint("one\nerror: two\nthree"), "one\nerror: two\nthree");
        assert!(complaint(&(trace(90) + "the end")).ends_with("the end"));
        assert_eq!(complaint(""), "");
    }
}
