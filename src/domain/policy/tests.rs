//! Who may ask and decide, case by case.

use super::*;
use crate::domain::request::ApplicationName;

/// `S…` is a group here, anything else a person.
fn principal(id: &str) -> Principal {
    if id.starts_with('S') { Principal::Group(id.into()) } else { Principal::User(id.into()) }
}

fn policy() -> Policy {
    let team = |id: &str, members: &[&str], authorizers: &[&str]| Team {
        id: id.into(),
        name: id.to_uppercase(),
        members: members.iter().map(|id| principal(id)).collect(),
        authorizers: authorizers.iter().map(|id| principal(id)).collect(),
    };
    Policy {
        regions: vec!["us-east-1".into()],
        profiles: vec!["sandbox".into()],
        timeout: Duration::from_secs(120),
        reminder: None,
        allow_self: false,
        open_max: None,
        teams: vec![team("pay", &["U1", "S1"], &["U2", "S2"]), team("open", &[], &[]), team("shut", &["U9"], &["U2"])],
        blueprints: vec![Blueprint {
            id: "bucket".into(),
            name: "Bucket".into(),
            description: String::new(),
            task_queue: "q".into(),
            provision_activity: "provision".into(),
            destroy_activity: "destroy".into(),
            encrypt: true,
        }],
    }
}

fn groups() -> Groups {
    let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    Groups::from([("S1".into(), set(&["U5"])), ("S2".into(), set(&["U6"]))])
}

fn person(id: &str, standing: Standing) -> Person {
    Person { id: id.into(), name: id.into(), standing }
}

fn request(team: &str, requester: &str, authorizer: &str) -> ProvisionRequest {
    ProvisionRequest {
        application_name: ApplicationName::parse("checkout").unwrap(),
        team_id: team.into(),
        requester_id: requester.into(),
        authorizer_id: authorizer.into(),
        blueprint: "bucket".into(),
        justification: None,
        channel_id: "C1".into(),
        authorization_timeout_seconds: 120,
    }
}

fn judged(team: &str, requester: &str, authorizer: (&str, Standing)) -> Result<(), PreflightProblem> {
    let request = request(team, requester, authorizer.0);
    let known = Directory {
        requester: person(requester, Standing::Member),
        authorizer: person(authorizer.0, authorizer.1),
        groups: groups(),
    };
    policy().preflight(&request, &known).map(|_| ())
}

#[test]
fn a_request_passes_when_both_people_belong() {
    for (team, requester, authorizer) in
        [("pay", "U1", "U2"), ("pay", "U5", "U6"), ("open", "U7", "U8"), ("pay", "U1", "U6")]
    {
        assert_eq!(judged(team, requester, (authorizer, Standing::Member)), Ok(()));
    }
}

#[test]
fn everything_else_is_explained_under_its_field() {
    use Standing::*;
    for (team, requester, authorizer, field, says) in [
        ("gone", "U1", ("U2", Member), Field::Team, "no team \"gone\""),
        ("shut", "U1", ("U2", Member), Field::Team, "not a member of SHUT"),
        ("pay", "U1", ("U1", Member), Field::Authorizer, "your own request"),
        ("pay", "U1", ("U7", Member), Field::Authorizer, "may not decide for PAY"),
        ("pay", "U1", ("U2", Deactivated), Field::Authorizer, "deactivated"),
        ("open", "U1", ("U3", Invited), Field::Authorizer, "not accepted yet"),
        ("open", "U1", ("U3", Bot), Field::Authorizer, "bot"),
        ("open", "U1", ("U3", Guest), Field::Authorizer, "guests"),
        ("open", "U1", ("U3", Stranger), Field::Authorizer, "other organisations"),
        ("open", "U1", ("U3", Unknown), Field::Authorizer, "no such person"),
    ] {
        let problem = judged(team, requester, authorizer).unwrap_err();
        assert_eq!(problem.field(), field, "{problem}");
        assert!(problem.to_string().contains(says), "{problem}");
    }
}

#[test]
fn giving_up_asks_who_decides_and_nothing_else() {
    use Standing::*;
    let problem = |team: &str, blueprint: &str, requester, authorizer: (&str, Standing)| {
        let mut request = request(team, "U1", authorizer.0);
        request.blueprint = blueprint.into();
        let known = Directory {
            requester: person("U1", requester),
            authorizer: person(authorizer.0, authorizer.1),
            groups: groups(),
        };
        policy().may_give_up(&request, &known).err().map(|problem| problem.to_string())
    };
    for (team, blueprint, requester) in
        [("pay", "bucket", Member), ("pay", "gone", Deactivated), ("gone", "bucket", Member), ("shut", "bucket", Guest)]
    {
        assert_eq!(problem(team, blueprint, requester, ("U2", Member)), None, "{team}");
        for standing in [Deactivated, Invited, Bot, Guest, Stranger, Unknown] {
            let problem = problem(team, blueprint, requester, ("U2", standing));
            assert!(problem.is_some_and(|said| said.contains("cannot decide")), "{team}, {standing:?}");
        }
    }
    let problem = problem("pay", "bucket", Member, ("U7", Member));
    assert!(problem.is_some_and(|said| said.contains("may not decide for PAY")));
}

#[test]
fn teams_and_deciders_count_group_members() {
    let policy = policy();
    let ids = |user| policy.teams_of(user, &groups()).iter().map(|t| t.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids("U5"), ["pay", "open"]);
    assert_eq!(ids("U7"), ["open"]);
    let deciders = policy.team("pay").unwrap().deciders(&groups()).unwrap();
    assert_eq!(deciders.into_iter().collect::<Vec<_>>(), ["U2", "U6"]);
    assert_eq!(policy.team("open").unwrap().deciders(&groups()), None);
}
