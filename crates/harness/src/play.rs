//! One request, played from command to bucket and its removal by two simulated people, and
//! printed as it happens.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use slack_simulator::{Message, Submitted};

use crate::stack::{Stack, StackOptions};

const CHANNEL: &str = "C0DEPLOYS01";
const ALICE: &str = "U0REQUESTER";
const BOB: &str = "U0AUTHORIZER";

/// What somebody is done with is removed soon.
const SOON: &str = "\n[lease]\nundo = \"3s\"\n";
/// How long it is looked for what has to be gone.
const GONE_WITHIN: Duration = Duration::from_secs(30);

/// Plays one request for a bucket, and succeeds once that existed and is gone. `stacks`: whether `bot` builds
/// stacks of CloudFormation, so that it has to be said what is wanted.
pub async fn play(bot: PathBuf, stacks: bool) -> anyhow::Result<()> {
    let mut options = StackOptions::demo(bot, stacks);
    options.config += SOON;
    let stack = Stack::start(options, |line| println!("  {line}")).await?;
    let played = conversation(&stack, stacks).await;
    stack.stop().await;
    played
}

async fn conversation(stack: &Stack, stacks: bool) -> anyhow::Result<()> {
    let slack = &stack.slack;
    let (alice, bob) = (slack.person(ALICE), slack.person(BOB));

    println!("\n#deploys — Alice types: /provision checkout\n");
    let ran = alice.command(CHANNEL, "/provision", "checkout").await;
    let modal = ran.modal.clone().with_context(|| format!("no form opened: {:?} {:?}", ran.error, ran.ephemeral()))?;
    modal.choose("team", "payments").await?;
    modal.choose("authorizer", BOB).await?;
    if stacks {
        modal.choose("blueprint", "bucket").await?;
    }
    modal.fill("justification", "Landing page for the spring launch").await?;
    if let Some(form) = slack.describe_modal(ALICE) {
        println!("{}", indented(&form));
    }
    match modal.submit().await? {
        Submitted::Closed => println!("\nAlice sends the form.\n"),
        other => bail!("the form did not close: {other:?}"),
    }

    let card = bob.wait_for_dm(|message| message.offers("approve")).await?;
    println!("Bob's direct messages\n\n{}\n", indented(&slack.describe(&card, BOB)));
    bob.select(&card, "region", "us-east-1").await?;
    bob.select(&card, "profile", "sandbox").await?;
    println!("Bob chooses us-east-1 and sandbox, and presses Approve.\n");
    let clicked = bob.click(&card, "approve").await?;
    if let Some(error) = clicked.error {
        bail!("the click was not answered: {error}");
    }

    let request = card.payload("request_id").context("the card has no request ID")?.to_owned();
    let is_root =
        |message: &Message| message.payload("request_id") == Some(request.as_str()) && message.thread_ts.is_none();
    let root = alice.wait_for(CHANNEL, is_root).await?;
    alice.wait_for_in_thread(CHANNEL, &root.ts, |message| message.says("provisioned")).await?;
    alice.wait_for(CHANNEL, |message| message.ts == root.ts && message.says("provisioned")).await?;
    alice.wait_for_in_thread(CHANNEL, &root.ts, |message| message.says("All done")).await?;
    println!("#deploys — the thread\n\n{}\n", indented(&slack.thread_transcript(CHANNEL, &root.ts, ALICE)));

    let bucket = bucket_of(stack, &request).await?;
    println!("The bucket exists: {bucket}\n");

    let outcome = alice.wait_for_in_thread(CHANNEL, &root.ts, |message| message.offers("remove")).await?;
    println!("Alice presses \"I'm done with it\".\n");
    let clicked = alice.click(&outcome, "remove").await?;
    if let Some(error) = clicked.error {
        bail!("the click was not answered: {error}");
    }
    let is_gone = |message: &Message| message.says("Looked twice");
    alice.with_patience(GONE_WITHIN).wait_for_in_thread(CHANNEL, &root.ts, is_gone).await?;
    println!("#deploys — the thread\n\n{}\n", indented(&slack.thread_transcript(CHANNEL, &root.ts, ALICE)));
    match bucket_of(stack, &request).await {
        Ok(bucket) => bail!("the bucket is still there: {bucket}"),
        Err(_) => println!("The bucket is gone: {bucket}"),
    }
    Ok(())
}

/// The bucket that carries the request's tag, as the AWS SDK sees it.
async fn bucket_of(stack: &Stack, request: &str) -> anyhow::Result<String> {
    let client = stack.s3_client("us-east-1", "sandbox").await;
    for bucket in client.list_buckets().send().await?.buckets() {
        let name = bucket.name().unwrap_or_default();
        let tags = client.get_bucket_tagging().bucket(name).send().await?;
        if tags.tag_set().iter().any(|tag| tag.value() == request) {
            return Ok(name.to_owned());
        }
    }
    bail!("no bucket carries the tag of {request}")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
