//! Whether CloudFormation takes the templates of the blueprints, as it tells each profile. Which
//! resources there are depends on the region, so the first that can be chosen is asked, and named.

use aws_profiles::profiles::Aws;
use futures::FutureExt;
use futures::future::BoxFuture;

use super::line::{DEADLINE, Line};
use crate::domain::policy::Policy;
use crate::stacks::{self, NotTaken, Template, Templates};

/// A probe for each template with each profile.
pub(super) fn probes(policy: &Policy, templates: &Templates, aws: &Aws) -> Vec<BoxFuture<'static, Vec<Line>>> {
    let Some(region) = policy.regions.first() else { return Vec::new() };
    let pairs = templates.iter().flat_map(|named| policy.profiles.iter().map(move |profile| (named, profile)));
    pairs
        .map(|((blueprint, template), profile)| {
            let (aws, template) = (aws.clone(), template.clone());
            probe(aws, blueprint.clone(), template, region.clone(), profile.clone()).map(|line| vec![line]).boxed()
        })
        .collect()
}

async fn probe(aws: Aws, blueprint: String, template: Template, region: String, profile: String) -> Line {
    let what = format!("template of {blueprint} with {profile} in {region}");
    match stacks::validate(&aws, &region, &profile, &template, DEADLINE).await {
        Ok(()) => Line::passed(what, "valid, says CloudFormation"),
        Err(NotTaken { cause, advice }) => Line::failed(what, cause, advice),
    }
}
