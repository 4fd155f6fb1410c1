//! Who may ask and decide, case by case.

use super::*;
use crate::domain::samples::{self, client, team};

fn policy() -> Policy {
    Policy {
        teams: vec![
            team("pay", &["U1", "S1"], &["U2", "S2"]),
            team("open", &[], &[]),
            team("shut", &["U9"], &["U2"]),
            team("scanned", &[], &["U2", "client:scanner"]),
        ],
        clients: vec![
            client("ci", &[Right::Ask], &["pay", "open"], Some("U1")),
            client("ops", &[Right::Ask], &["pay"], None),
            client("scanner", &[Right::Ask, Right::Decide], &["scanned", "pay"], None),
            client("reader", &[Right::Read, Right::Decide], &["pay"], Some("U1")),
        ],
        ..samples::policy()
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
        team_id: team.into(),
        requester_id: requester.into(),
        authorizer_id: authorizer.into(),
        ..samples::request()
    }
}

fn judged(team: &str, requester: &str, authorizer: (&str, Standing)) -> Result<(), PreflightProblem> {
    let request = request(team, requester, authorizer.0);
    let known = Directory {
        requester: Some(person(requester, Standing::Member)),
        authorizer: Some(person(authorizer.0, authorizer.1)),
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
            requester: Some(person("U1", requester)),
            authorizer: Some(person(authorizer.0, authorizer.1)),
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
    assert_eq!(ids("U5"), ["pay", "open", "scanned"]);
    assert_eq!(ids("U7"), ["open", "scanned"]);
    let deciders = policy.team("pay").unwrap().deciders(&groups()).unwrap();
    assert_eq!(deciders.into_iter().collect::<Vec<_>>(), ["U2", "U6"]);
    assert_eq!(policy.team("open").unwrap().deciders(&groups()), None);
}

#[test]
fn a_client_asks_for_its_teams_and_signs_where_it_is_named() {
    let mut policy = policy();
    let judged = |policy: &Policy, team: &str, requester: &str, authorizer: &str, owner: Option<Standing>| {
        let someone = |id: &str, standing| client::id(id).is_none().then(|| person(id, standing));
        let requester_known = match owner {
            Some(standing) => Some(person("U1", standing)),
            None => someone(requester, Standing::Member),
        };
        let known = Directory {
            requester: requester_known,
            authorizer: someone(authorizer, Standing::Member),
            groups: groups(),
        };
        policy.preflight(&request(team, requester, authorizer), &known).map(|rules| rules.owner)
    };
    let member = Some(Standing::Member);
    assert_eq!(judged(&policy, "pay", "client:ci", "U2", member), Ok(Some("U1".into())));
    assert_eq!(judged(&policy, "pay", "client:ops", "U2", None), Ok(None));
    assert_eq!(judged(&policy, "scanned", "U7", "client:scanner", None), Ok(None));
    let not_allowed =
        |client: &str, team: &str| PreflightProblem::ClientNotAllowed { client: client.into(), team: team.into() };
    for (team, requester, authorizer, owner, problem) in [
        ("shut", "client:ci", "U2", member, not_allowed("ci", "SHUT")),
        ("pay", "client:reader", "U2", member, not_allowed("reader", "PAY")),
        ("pay", "client:gone", "U2", None, not_allowed("gone", "PAY")),
        ("scanned", "client:scanner", "client:scanner", None, PreflightProblem::SelfAuthorization),
        ("open", "client:ci", "U1", member, PreflightProblem::SelfAuthorization),
    ] {
        assert_eq!(judged(&policy, team, requester, authorizer, owner), Err(problem), "{requester} for {team}");
    }
    for standing in [Standing::Deactivated, Standing::Guest, Standing::Unknown] {
        let said = judged(&policy, "pay", "client:ci", "U2", Some(standing)).unwrap_err().to_string();
        assert!(said.contains("belongs to U1"), "{said}");
    }
    // A team in which anybody may be named names no client by that.
    for (team, authorizer) in [("open", "client:scanner"), ("pay", "client:scanner"), ("pay", "client:gone")] {
        let said = judged(&policy, team, "U1", authorizer, None).unwrap_err().to_string();
        assert!(said.contains("may not decide"), "{said}");
    }
    policy.allow_self = true;
    assert_eq!(judged(&policy, "open", "client:ci", "U1", member), Ok(Some("U1".into())));
    let refused = judged(&policy, "scanned", "client:scanner", "client:scanner", None);
    assert_eq!(refused, Err(PreflightProblem::SelfAuthorization), "whatever is allowed to people");
}

#[test]
fn nothing_is_asked_for_that_nobody_would_build() {
    let known = Directory {
        requester: Some(person("U1", Standing::Member)),
        authorizer: Some(person("U2", Standing::Member)),
        groups: groups(),
    };
    let mut asked = request("pay", "U1", "U2");
    asked.parameters = Some(serde_json::Map::new());
    assert!(policy().preflight(&asked, &known).is_ok(), "none is none");
    asked.parameters = serde_json::json!({ "size": "large" }).as_object().cloned();
    assert_eq!(
        policy().preflight(&asked, &known),
        Err(PreflightProblem::Parameter {
            name: "size".into(),
            what: "This blueprint asks for nothing called \"size\". Leave it out.".into()
        })
    );
    asked.lifetime_seconds = Some("never".into());
    assert_eq!(policy().preflight(&asked, &known), Err(PreflightProblem::NoLifetime));
}
