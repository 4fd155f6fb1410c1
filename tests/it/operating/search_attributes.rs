//! Requests are found in Temporal by team, people and status, where an operator
//! has registered the search attributes.

use std::time::Duration;

use harness::backends::Tools;
use tokio::process::Command;

use crate::building::s3_faults::over;
use crate::world::{World, eventually, options, policy, secluded};

const NAMES: [&str; 4] = ["ProvisionTeam", "ProvisionRequester", "ProvisionAuthorizer", "ProvisionStatus"];
/// A task that the server refused is handed out again ever more slowly.
const REFUSED: Duration = Duration::from_secs(60);

async fn register(world: &World, name: &str, kind: &str) {
    let create = ["operator", "search-attribute", "create", "--name", name, "--type", kind];
    temporal(world, &create).await.expect("registered");
}

/// Waits until the server knows an attribute, or knows it no more: that takes it a moment.
async fn known(world: &World, name: &str, wanted: bool) {
    let query = format!("{name} IS NOT NULL");
    let look =
        async || (temporal(world, &["workflow", "list", "--query", &query]).await.is_some() == wanted).then_some(());
    eventually(&format!("the server to know {name}: {wanted}"), look).await;
}

/// Runs the Temporal CLI; `None` if it fails.
pub async fn temporal(world: &World, arguments: &[&str]) -> Option<String> {
    let tools = Tools::find_or_install(|_| {}).await.unwrap();
    let address = world.temporal_address();
    let mut command = Command::new(&tools.temporal().path);
    let output = command.args(arguments).args(["--address", &address]).output().await.unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// Registers all of them, and lets the bot see that they are there.
async fn with_attributes(world: &mut World) {
    for name in NAMES {
        register(world, name, "Keyword").await;
    }
    for name in NAMES {
        known(world, name, true).await;
    }
    world.stack.stop_bot().await.unwrap();
    world.stack.start_bot().await.unwrap();
}

#[test]
fn requests_are_found_by_team_people_and_status() {
    secluded(options(&policy("")), async |world| {
        // Without them everything works.
        let scene = world.scene();
        let before = scene.ask("before").await;

        // As the README says.
        with_attributes(world).await;

        let after = scene.ask("after").await;
        let list = async |query: &str| temporal(world, &["workflow", "list", "--query", query]).await;
        let (team, alice, bob) = (scene.team.as_str(), scene.alice.id(), scene.bob.id());
        let whose =
            format!("ProvisionTeam = '{team}' AND ProvisionRequester = '{alice}' AND ProvisionAuthorizer = '{bob}'");
        let waits = format!("{whose} AND ProvisionStatus = 'awaiting_authorization'");
        let found = async || list(&waits).await.filter(|said| said.contains(&after.id));
        let said = eventually("the request to be found", found).await;
        assert!(!said.contains(&before.id), "{said}");

        scene.approve(&after).await;
        scene.approve(&before).await;
        scene.ended(&after, "provisioned").await;
        scene.ended(&before, "provisioned").await;
        let done = format!("{whose} AND ProvisionStatus = 'provisioned'");
        let found = async || list(&done).await.filter(|said| said.contains(&after.id));
        eventually("its new status to be found", found).await;
        assert!(!list(&waits).await.unwrap().contains(&after.id));
    });
}

#[test]
fn an_attribute_that_goes_or_is_of_another_type_costs_no_request() {
    secluded(options(&policy("")), async |world| {
        with_attributes(world).await;
        let (waits, withdrawn) = (world.scene().patient(REFUSED), world.scene().patient(REFUSED));
        let (waiting, leaving) = (waits.ask("waiting").await, withdrawn.ask("withdrawn").await);
        let query = format!("ProvisionTeam = '{}' AND ProvisionStatus = 'awaiting_authorization'", waits.team);
        let found = async || {
            temporal(world, &["workflow", "list", "--query", &query]).await.filter(|said| said.contains(&waiting.id))
        };
        eventually("the request to be found", found).await;

        // One is removed while they wait.
        let remove = ["operator", "search-attribute", "remove", "--yes", "--name", "ProvisionStatus"];
        temporal(world, &remove).await.expect("removed");
        known(world, "ProvisionStatus", false).await;
        waits.approve(&waiting).await;
        withdrawn.alice.click(&leaving.root, "cancel").await.unwrap();
        over(&waits, &waiting, "provisioned").await;
        over(&withdrawn, &leaving, "cancelled").await;

        // It comes back as something else.
        register(world, "ProvisionStatus", "Int").await;
        known(world, "ProvisionStatus", true).await;
        world.stack.stop_bot().await.unwrap();
        world.stack.start_bot().await.unwrap();
        let scene = world.scene().patient(REFUSED);
        let request = scene.ask("another-type").await;
        scene.approve(&request).await;
        over(&scene, &request, "provisioned").await;
    });
}
