//! Requests are found in Temporal by team, people and status, where an operator
//! has registered the search attributes.

use provision_bot::demo::backends::Tools;
use tokio::process::Command;

use crate::world::{World, alone, eventually, options, policy};

/// Runs the Temporal CLI; `None` if it fails.
pub async fn temporal(world: &World, arguments: &[&str]) -> Option<String> {
    let tools = Tools::find_or_install(|_| {}).await.unwrap();
    let address = world.temporal_address();
    let mut command = Command::new(&tools.temporal().path);
    let output = command.args(arguments).args(["--address", &address]).output().await.unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

#[test]
fn requests_are_found_by_team_people_and_status() {
    alone(options(&policy("")), async |world| {
        // Without them everything works.
        let scene = world.scene();
        let before = scene.ask("before").await;

        // As the README says.
        for name in ["ProvisionTeam", "ProvisionRequester", "ProvisionAuthorizer", "ProvisionStatus"] {
            let register = ["operator", "search-attribute", "create", "--type", "Keyword", "--name", name];
            temporal(world, &register).await.expect("registered");
        }
        // The server takes a moment to learn of them.
        let known = async || {
            temporal(world, &["workflow", "list", "--query", "ProvisionTeam = 'x' AND ProvisionStatus = 'x'"]).await
        };
        eventually("the server to know them", known).await;
        world.stack.stop_bot().await.unwrap();
        world.stack.start_bot().await.unwrap();

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
