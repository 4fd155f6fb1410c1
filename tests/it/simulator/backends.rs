//! The programs behind the demo: they answer, they come back, they do not outlive us.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use harness::backends::{Program, S3Server, TemporalOptions, TemporalServer, Tools};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn tools() -> Tools {
    Tools::find_or_install(|text| eprintln!("{text}")).await.unwrap()
}

async fn listens(address: &str) -> bool {
    TcpStream::connect(address.trim_start_matches("http://")).await.is_ok()
}

async fn wait_until_gone(address: &str) {
    let deadline = Instant::now() + Duration::from_secs(15);
    while listens(address).await {
        assert!(Instant::now() < deadline, "{address} still listens");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn temporal_comes_back_on_the_same_port_with_its_state() {
    let dir = tempfile::tempdir().unwrap();
    let options = TemporalOptions { ui: true, db: Some(dir.path().join("temporal.db")), ..Default::default() };
    let mut server = TemporalServer::start(&tools().await, options).await.unwrap();
    let (address, ui) = (server.address(), server.ui_url().unwrap());
    assert!(listens(&address).await && listens(&ui).await);

    server.kill().await;
    assert!(!listens(&address).await, "killed means killed");
    server.start_again().await.unwrap();
    assert_eq!(server.address(), address);
    assert!(listens(&address).await);

    server.stop().await;
    assert!(!listens(&address).await);
    assert!(dir.path().join("temporal.db").exists());
}

#[tokio::test]
async fn a_server_that_is_let_go_of_ends() {
    let server = S3Server::start(&tools().await).await.unwrap();
    let endpoint = server.endpoint();
    assert!(listens(&endpoint).await);
    drop(server);
    wait_until_gone(&endpoint).await;
}

#[tokio::test]
async fn a_frozen_server_takes_connections_and_answers_nothing() {
    let mut server = S3Server::start(&tools().await).await.unwrap();
    let endpoint = server.endpoint();
    server.freeze().await.unwrap();
    let mut stream = TcpStream::connect(endpoint.trim_start_matches("http://")).await.unwrap();
    stream.write_all(b"GET /moto-api/ HTTP/1.0\r\n\r\n").await.unwrap();
    let mut first = [0];
    let answer = stream.read_exact(&mut first);
    assert!(tokio::time::timeout(Duration::from_secs(1), answer).await.is_err(), "it is frozen");
    server.thaw().await.unwrap();
    tokio::time::timeout(Duration::from_secs(10), stream.read_exact(&mut first)).await.unwrap().unwrap();

    // A frozen one can be stopped too.
    server.freeze().await.unwrap();
    let begun = Instant::now();
    server.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(4), "it ended when asked, not when forced");
    assert!(!listens(&endpoint).await);
}

/// Not a test of its own: the body of the process that is killed below.
#[tokio::test]
#[ignore = "started and killed by `a_server_ends_when_its_parent_is_killed`"]
async fn parent() {
    let server = S3Server::start(&tools().await).await.unwrap();
    println!("endpoint {} .", server.endpoint());
    tokio::time::sleep(Duration::from_secs(120)).await;
}

#[tokio::test]
async fn a_server_ends_when_its_parent_is_killed() {
    use std::io::{BufRead, BufReader};
    let mut parent = Command::new(std::env::current_exe().unwrap())
        .args(["simulator::backends::parent", "--exact", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(parent.stdout.take().unwrap()).lines();
    let line = lines.map_while(Result::ok).find(|line| line.contains("endpoint ")).unwrap();
    let endpoint = line.split_whitespace().find(|word| word.starts_with("http://")).unwrap().to_owned();
    assert!(listens(&endpoint).await);

    parent.kill().unwrap(); // SIGKILL: it cannot clean up
    parent.wait().unwrap();
    wait_until_gone(&endpoint).await;
}

#[tokio::test]
async fn a_failed_start_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let db = Some(dir.path().join("no").join("such").join("folder.db"));
    let options = TemporalOptions { db, ..Default::default() };
    let error = TemporalServer::start(&tools().await, options).await.err().unwrap();
    assert!(format!("{error:#}").contains("folder.db") || format!("{error:#}").contains("database"), "{error:#}");

    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = Some(busy.local_addr().unwrap().port());
    let options = TemporalOptions { port, ..Default::default() };
    let error = TemporalServer::start(&tools().await, options).await.err().unwrap();
    assert!(error.to_string().contains("something else listens"), "{error:#}");
}

/// A program that complains of a port, as the dev server does when somebody took one of
/// those it chose for itself: so many times, and then is the dev server.
async fn complains(times: usize) -> (tempfile::TempDir, Program) {
    let dir = tempfile::tempdir().unwrap();
    let script = format!(
        "#!/bin/sh\ncd '{}'\necho x >> starts\nif [ $(wc -l < starts) -le {times} ]; then\n\
         echo 'panic: listen tcp 127.0.0.1:7: bind: address already in use' >&2\n\
         for n in $(seq 60); do echo \"goroutine $n\" >&2; done\nexit 2\nfi\n\
         exec '{}' server start-dev --headless --ip 127.0.0.1 --log-level warn --port \"$1\"\n",
        dir.path().display(),
        tools().await.temporal().path.display()
    );
    let path = dir.path().join("server");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    (dir, Program { path, env: Vec::new() })
}

#[tokio::test]
async fn a_server_whose_own_ports_were_taken_is_started_again() {
    let (dir, program) = complains(2).await;
    let mut temporal = TemporalServer::start_time_skipping(&program).await.unwrap();
    let address = temporal.address();
    temporal.stop().await;
    std::fs::remove_file(dir.path().join("starts")).unwrap();
    temporal.start_again().await.unwrap();
    assert_eq!(temporal.address(), address);
    temporal.stop().await;

    let (_dir, program) = complains(100).await;
    let error = TemporalServer::start_time_skipping(&program).await.err().unwrap().to_string();
    assert!(error.contains("ended at once (exit status: 2). It said:\npanic: listen tcp 127.0.0.1:7"), "{error}");
}

/// Needs a package index, and writes into the cache folder.
#[tokio::test]
#[ignore = "installs packages: run by hand, also with XDG_CACHE_HOME set to an empty folder"]
async fn a_python_has_the_packages_asked_for() {
    let python = Tools::python_with(&["temporalio"], |text| eprintln!("{text}")).await.unwrap();
    let import = Command::new(&python.path).envs(python.env).args(["-c", "import temporalio.worker"]).status();
    assert!(import.unwrap().success());
}
