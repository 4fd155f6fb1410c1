//! Records histories of requests with a plan, and of those made of parts; `replay` replays them with all others.

use super::replay::{begin_recording, record};
use crate::building::parts::mason::{Masons, approved, question, with_houses};
use crate::planning::changed::asked_again;
use crate::planning::ends::underway;
use crate::planning::planner::{Planner, shown, with_planner};
use crate::world::alone;

#[test]
#[ignore = "writes tests/histories: run by hand"]
fn record_histories_with_a_plan() {
    begin_recording();
    alone(with_planner("timeout = \"10m\""), async |world| {
        let planner = Planner::start(world).await;
        let scene = world.scene();
        let request = shown(&scene, "same").await;
        scene.clicks(&scene.bob, &request.card, "approve").await;
        scene.outcome(&request, "provisioned").await;
        record(&scene, &request.id, "provisioned_with_the_same_plan").await;
        scene.said(&request.id);

        let scene = world.scene();
        let request = shown(&scene, "moved").await;
        scene.clicks(&scene.bob, &request.card, "approve").await;
        let asked = asked_again(&scene, &request).await;
        scene.clicks(&scene.bob, &asked.card, "approve").await;
        scene.outcome(&asked, "provisioned").await;
        record(&scene, &request.id, "provisioned_with_another_plan").await;

        let scene = world.scene();
        let request = underway(&scene, "slow-rejected").await;
        scene.reject(&request, "I know that plan").await;
        scene.outcome(&request, "rejected").await;
        record(&scene, &request.id, "rejected_while_planning").await;
        assert_eq!(planner.plans("discard", &request), [None]);
        scene.said(&request.id);
    });
}

#[test]
#[ignore = "writes tests/histories: run by hand"]
fn record_histories_of_parts() {
    begin_recording();
    alone(with_houses(), async |world| {
        let masons = Masons::start(world).await;
        let scene = world.scene();
        let request = approved(&scene, "stale-roof-fails-walls").await;
        let card = question(&scene, &request, None).await;
        scene.clicks(&scene.bob, &card, "retry").await;
        scene.outcome(&request, "provisioned").await;
        record(&scene, &request.id, "provisioned_in_parts").await;
        scene.said(&request.id);

        let scene = world.scene();
        let request = approved(&scene, "fails-walls").await;
        let card = question(&scene, &request, None).await;
        scene.clicks(&scene.bob, &card, "give_up").await;
        scene.outcome(&request, "failed").await;
        record(&scene, &request.id, "failed_in_parts").await;
        assert_eq!(masons.parts("destroy", &request).len(), 3);
    });
}
