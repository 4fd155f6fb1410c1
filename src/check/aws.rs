//! Every AWS profile in every region: whether S3 takes its credentials, whose they
//! are, and whether they may create buckets.
//!
//! S3 has no way to ask for the last without creating one. IAM's policy simulator
//! has, for who is allowed to ask it; otherwise it is not known, which is said.

use aws_config::SdkConfig;
use aws_profiles::partition;
use aws_profiles::profiles::{Aws, is_elsewhere, load};
use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult, PolicyEvaluationDecisionType};
use futures::FutureExt;
use futures::future::BoxFuture;
use provisioner_s3::Connected;
use provisioner_s3::clients::compare;
use provisioner_s3::failure::Problem;
use tokio::time::timeout;

use super::line::{DEADLINE, Line};
use crate::domain::policy::Policy;

const CREATE: &str = "s3:CreateBucket";
/// A name as buckets of requests have it.
const A_BUCKET: &str = "app-check-team-0000000000";

/// A probe for each profile in each region that an authorizer may choose.
pub(super) fn probes(policy: &Policy, aws: &Aws) -> Vec<BoxFuture<'static, Vec<Line>>> {
    let pairs = policy.profiles.iter().flat_map(|profile| policy.regions.iter().map(move |region| (profile, region)));
    pairs
        .map(|(profile, region)| probe(aws.clone(), profile.clone(), region.clone()).map(|line| vec![line]).boxed())
        .collect()
}

async fn probe(aws: Aws, profile: String, region: String) -> Line {
    let what = format!("AWS {profile} in {region}");
    let loaded = load(&aws, &region, &profile).await;
    let (s3, sdk) = (Connected::new(&aws, &loaded), &loaded.sdk);
    // Credentials may take longer than any answer to a call.
    let ready = async {
        partition::is_somewhere(&region, s3.endpoint.as_deref())?;
        Ok(s3.credentials.ready().await?)
    };
    let ready: Result<(), Problem> = ready.await;
    if let Err(problem) = ready {
        return failed(&aws, what, problem, &region, &profile).await;
    }
    let may_list = match timeout(DEADLINE, s3.client.list_buckets().max_buckets(1).send()).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => match Problem::from(error) {
            // It was recognised; to list all buckets is more than provisioning needs.
            Problem::Refused { code, .. } if code == "AccessDenied" => false,
            problem => return failed(&aws, what, problem, &region, &profile).await,
        },
        Err(_) => {
            let problem = Problem::Unreachable("it took too long".to_owned());
            return failed(&aws, what, problem, &region, &profile).await;
        }
    };

    // Amazon is asked about its own credentials only.
    let elsewhere = |service| is_elsewhere(&aws, sdk, s3.endpoint.as_deref(), service);
    let who = match elsewhere("STS") {
        true => Err("S3 is not Amazon's, and AWS_ENDPOINT_URL_STS names no STS beside it".to_owned()),
        false => who(sdk).await,
    };
    let may_create = match &who {
        Err(_) => Create::NotKnown("that is not known".to_owned()),
        Ok(_) if elsewhere("IAM") => {
            Create::NotKnown("S3 is not Amazon's, and AWS_ENDPOINT_URL_IAM names no IAM beside it".to_owned())
        }
        Ok(arn) => may_create(sdk, arn, &region).await,
    };
    let whose = match &who {
        Ok(arn) => format!("S3 accepts the credentials of {arn}"),
        Err(why) => format!("S3 accepts the profile's credentials; whose they are is not known: {why}"),
    };
    let whose = if may_list { whose } else { format!("{whose}, which may not list buckets") };
    match may_create {
        Create::May => Line::passed(what, format!("{whose}, which may create buckets")),
        Create::NotKnown(_) if who.is_err() => {
            Line::passed(what, format!("{whose}; nor whether they may create buckets"))
        }
        Create::NotKnown(why) => {
            Line::passed(what, format!("{whose}; whether they may create buckets is not known: {why}"))
        }
        Create::MayNot(why) => {
            let said = format!("{whose}, which may not create buckets named app-…: IAM says {why} of {CREATE}");
            let advice = format!("Give the profile {profile:?} the permissions that the README lists under \"AWS\".");
            Line::failed(what, said, advice)
        }
    }
}

async fn failed(aws: &Aws, what: String, problem: Problem, region: &str, profile: &str) -> Line {
    let verdict = compare(aws, problem, region, profile).await.judge(region, profile);
    Line::failed(what, verdict.cause, verdict.advice)
}

/// The ARN of whom the credentials belong to: no permission is needed to ask.
async fn who(sdk: &SdkConfig) -> Result<String, String> {
    let client = aws_sdk_sts::Client::new(sdk);
    match timeout(DEADLINE, client.get_caller_identity().send()).await {
        Ok(Ok(identity)) => identity.arn.ok_or_else(|| "STS names nobody".to_owned()),
        Ok(Err(error)) => Err(reason("STS", &error.into())),
        Err(_) => Err("STS took too long".to_owned()),
    }
}

/// Why a service told nothing, without its words: they may be about anything.
fn reason(service: &str, problem: &Problem) -> String {
    match problem {
        Problem::Refused { code, .. } => format!("{service} answers {code}"),
        _ => format!("{service} gives no usable answer"),
    }
}

/// Whether buckets may be created.
#[derive(Debug, PartialEq, Eq)]
enum Create {
    May,
    /// IAM's word for it.
    MayNot(String),
    NotKnown(String),
}

/// What IAM's simulator says; it performs nothing.
async fn may_create(sdk: &SdkConfig, arn: &str, region: &str) -> Create {
    let Some((partition, principal)) = principal(arn) else {
        return Create::NotKnown("IAM can be asked about users and roles only".to_owned());
    };
    // What a retry might mend is not worth waiting for.
    let config = aws_sdk_iam::config::Builder::from(sdk).retry_config(RetryConfig::disabled()).build();
    let region = ContextEntry::builder()
        .context_key_name("aws:RequestedRegion")
        .context_key_values(region)
        .context_key_type(ContextKeyTypeEnum::String)
        .build();
    let call = aws_sdk_iam::Client::from_conf(config)
        .simulate_principal_policy()
        .policy_source_arn(principal)
        .action_names(CREATE)
        .resource_arns(format!("arn:{partition}:s3:::{A_BUCKET}"))
        .context_entries(region);
    match timeout(DEADLINE, call.send()).await {
        Ok(Ok(answer)) => judge(answer.evaluation_results()),
        Ok(Err(error)) => Create::NotKnown(match Problem::from(error) {
            Problem::Refused { code, .. } if code.starts_with("AccessDenied") => {
                "the profile may not ask IAM (iam:SimulatePrincipalPolicy)".to_owned()
            }
            problem => reason("IAM", &problem),
        }),
        Err(_) => Create::NotKnown("IAM took too long".to_owned()),
    }
}

fn judge(results: &[EvaluationResult]) -> Create {
    let Some(result) = results.first() else { return Create::NotKnown("IAM gives no verdict".to_owned()) };
    match result.missing_context_values() {
        [] => match result.eval_decision() {
            PolicyEvaluationDecisionType::Allowed => Create::May,
            denied => Create::MayNot(denied.as_str().to_owned()),
        },
        // Policies with conditions on what only a real call has.
        keys => Create::NotKnown(format!("it depends on {}", keys.join(", "))),
    }
}

/// The partition, and the user or role whose policies decide for this caller. The
/// session of a role does not tell the role's path; IAM then knows no such role.
fn principal(arn: &str) -> Option<(&str, String)> {
    let mut parts = arn.splitn(6, ':');
    let (Some("arn"), Some(partition), Some(service), Some(_), Some(account), Some(resource)) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    match (service, resource.split('/').collect::<Vec<_>>().as_slice()) {
        ("iam", ["user", ..]) => Some((partition, arn.to_owned())),
        ("sts", ["assumed-role", role, _]) => Some((partition, format!("arn:{partition}:iam::{account}:role/{role}"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_belong_to_users_and_roles() {
        for (caller, expected) in [
            ("arn:aws:iam::1:user/team/ci", Some("arn:aws:iam::1:user/team/ci")),
            ("arn:aws:sts::1:assumed-role/deploy/a@b.c", Some("arn:aws:iam::1:role/deploy")),
            ("arn:aws-cn:sts::1:assumed-role/deploy/x", Some("arn:aws-cn:iam::1:role/deploy")),
            ("arn:aws:iam::1:root", None),
            ("arn:aws:sts::1:federated-user/x", None),
            ("somebody", None),
        ] {
            assert_eq!(principal(caller).map(|(_, arn)| arn).as_deref(), expected, "{caller}");
        }
        assert_eq!(principal("arn:aws-cn:iam::1:user/ci").map(|(partition, _)| partition), Some("aws-cn"));
    }

    #[test]
    fn a_verdict_that_needs_more_than_is_known_is_none() {
        let result = |decision: &str, missing: &[&str]| {
            EvaluationResult::builder()
                .eval_action_name(CREATE)
                .eval_decision(decision.into())
                .set_missing_context_values(Some(missing.iter().map(|key| (*key).to_owned()).collect()))
                .build()
                .expect("a result")
        };
        assert_eq!(judge(&[result("allowed", &[])]), Create::May);
        assert_eq!(judge(&[result("explicitDeny", &[])]), Create::MayNot("explicitDeny".to_owned()));
        let depends = Create::NotKnown("it depends on aws:SourceVpce".to_owned());
        assert_eq!(judge(&[result("implicitDeny", &["aws:SourceVpce"])]), depends);
        assert!(matches!(judge(&[]), Create::NotKnown(_)));
    }
}
