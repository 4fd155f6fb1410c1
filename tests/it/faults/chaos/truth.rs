//! What always holds, looked at from outside: in Temporal, in Slack, in S3.

use std::collections::{BTreeMap, BTreeSet};

use slack_simulator::{Message, Simulator};

use super::disasters::NO_EDIT;
use super::people::Lane;
use crate::world::World;

/// The words that end a request.
const ENDINGS: [&str; 5] = ["provisioned", "rejected", "expired", "cancelled", "failed"];
/// The part that an outcome is, in a message's metadata.
const OUTCOME: &str = "outcome";

/// Panics with everything that does not hold. `open` are the requests that did not end.
pub async fn tell(world: &World, lanes: &[Lane], open: Vec<String>) {
    let mut wrong = Vec::new();
    for id in &open {
        wrong.push(format!("{id} does not end: {}", lanes[0].scene.temporal.is_at(id).await));
    }
    let buckets = buckets(lanes).await;
    let mut endings: BTreeMap<String, usize> = BTreeMap::new();
    let mut known = BTreeSet::new();
    for lane in lanes {
        let ids: Vec<String> = lane.scene.temporal.listed(&lane.prefix()).await.into_iter().map(|(id, _)| id).collect();
        for application in lane.sent() {
            let of_it = |id: &&String| id.rsplit_once('-').is_some_and(|(name, _)| name == application);
            match ids.iter().filter(of_it).count() {
                0 => wrong.push(format!("{application} was taken, and there is no request")),
                1 => {}
                // The same name asked for in two forms is two requests, but each was asked for once here.
                n => wrong.push(format!("{application} was asked for once, and there are {n} requests")),
            }
        }
        for id in ids.into_iter().filter(|id| !open.contains(id)) {
            let status = match lane.scene.temporal.ended(&id).await {
                Ok(state) => state["status"].as_str().unwrap_or_default().to_owned(),
                Err(why) => {
                    wrong.push(format!("{id} ended badly: {why}"));
                    continue;
                }
            };
            *endings.entry(status.clone()).or_default() += 1;
            if !ENDINGS.contains(&status.as_str()) {
                wrong.push(format!("{id} is over as {status}"));
            }
            let said = lane.scene.said(&id);
            wrong.extend(told(&lane.scene.slack, &id, &status, &said));
            let its = buckets.get(&id).cloned().unwrap_or_default();
            let is_named =
                |bucket: &String| said.iter().any(|message| part(message) == OUTCOME && message.says(bucket));
            let right = match status.as_str() {
                "provisioned" => its.len() == 1,
                // What could not be removed is named to people.
                _ => its.iter().all(is_named),
            };
            if !right {
                wrong.push(format!("{id} is {status} and has the buckets {its:?}"));
            }
            known.insert(id);
        }
    }
    // What could neither be tagged nor removed is named to people, too.
    let is_named = |name: &&String| {
        let said = world.stack.slack.all_messages();
        said.iter().any(|message| part(message) == OUTCOME && message.says(name))
    };
    for (id, names) in buckets.iter().filter(|(id, _)| !known.contains(*id) && !open.contains(id)) {
        for name in names.iter().filter(|name| !is_named(name)) {
            wrong.push(format!("{name} belongs to \"{id}\", which is no request, and nobody was told of it"));
        }
    }
    // All that was said about a request is held against its end; what is left are answers to
    // one person in the moment, such as that Slack did not open a form.
    world.stack.slack.look_at(&world.stack.slack.all_messages());
    println!("chaos: {} requests: {endings:?}", known.len());
    if !wrong.is_empty() {
        eprintln!("{}", world.stack.slack.dump());
        for id in known.iter().filter(|id| wrong.iter().any(|line| line.contains(*id))) {
            trace(&world.stack.slack, id);
        }
        panic!("{} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
    }
}

/// What the bot asked of Slack about a request, and what it was answered.
fn trace(slack: &Simulator, id: &str) {
    for call in slack.calls() {
        let args = call.args.to_string();
        if args.contains(id) {
            let (place, part) = (&call.args["channel"], &call.args["metadata"]["event_payload"]["part"]);
            let answer = call.answer["error"].as_str().unwrap_or("ok");
            let (status, latency) = (call.status, call.latency);
            eprintln!("chaos: {} {id} {} {part} in {place}: {status} {answer} after {latency:?}", call.at, call.method);
        }
    }
}

/// The buckets there are by the request they are tagged with; without a tag by "".
async fn buckets(lanes: &[Lane]) -> BTreeMap<String, BTreeSet<String>> {
    let s3 = lanes[0].scene.s3("us-east-1");
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for bucket in s3.list_buckets().send().await.expect("the buckets").buckets() {
        let name = bucket.name().unwrap_or_default().to_owned();
        let tags = s3.get_bucket_tagging().bucket(&name).send().await;
        let tag = tags.ok().and_then(|tags| {
            let tag = tags.tag_set().iter().find(|tag| tag.key() == "provision-bot:request")?;
            Some(tag.value().to_owned())
        });
        found.entry(tag.unwrap_or_default()).or_default().insert(name);
    }
    found
}

/// What is wrong with what was said about one request that is over.
fn told(slack: &Simulator, id: &str, status: &str, said: &[Message]) -> Vec<String> {
    let mut wrong = Vec::new();
    let outcomes: Vec<&Message> = said.iter().filter(|message| part(message) == OUTCOME).collect();
    match outcomes.as_slice() {
        [one] if one.text.contains(status) => {}
        [one] => wrong.push(format!("{id} is {status}, and was told as {:?}", one.text)),
        many => wrong.push(format!("{id} is {status}, and its end was told {} times", many.len())),
    }
    let mut seen = BTreeSet::new();
    for message in said {
        if !seen.insert((&message.channel, &message.thread_ts, part(message))) {
            wrong.push(format!("{id}: said twice: {:?}", message.text));
        }
        if !message.buttons().is_empty() && !could_not_be_edited(slack, message) {
            wrong.push(format!("{id} is {status}, and a message offers {:?}", message.buttons()));
        }
    }
    wrong
}

/// Did Slack refuse the last edit of this message for good? Then its buttons stay, and
/// answer that it is over.
fn could_not_be_edited(slack: &Simulator, message: &Message) -> bool {
    let edits = slack.calls_of("chat.update");
    let last = edits.iter().rfind(|call| call.args["ts"] == message.ts.as_str());
    last.is_some_and(|call| NO_EDIT.iter().any(|code| call.answer["error"] == *code))
}

fn part(message: &Message) -> String {
    let metadata = message.metadata.as_ref();
    metadata.and_then(|it| it["event_payload"]["part"].as_str()).unwrap_or_default().to_owned()
}
