//! Where people look at a stack: the AWS console of the partition that its region is in.

use aws_profiles::partition;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The page of a stack. `None`: the partition's console is not known.
pub fn stack(region: &str, stack_id: &str) -> Option<String> {
    let id = utf8_percent_encode(stack_id, NON_ALPHANUMERIC);
    Some(format!("{}#/stacks/stackinfo?stackId={id}", home(region)?))
}

/// The page of a change set.
pub fn change_set(region: &str, stack_id: &str, change_set: &str) -> Option<String> {
    let [stack, set] = [stack_id, change_set].map(|id| utf8_percent_encode(id, NON_ALPHANUMERIC));
    Some(format!("{}#/stacks/changesets/changes?stackId={stack}&changeSetId={set}", home(region)?))
}

fn home(region: &str) -> Option<String> {
    let domain = match partition::of(region)?.as_str() {
        "aws" => "console.aws.amazon.com",
        "aws-cn" => "console.amazonaws.cn",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        "aws-eusc" => "console.amazonaws-eusc.eu",
        // Those behind walls are known to who works there.
        _ => return None,
    };
    Some(format!("https://{region}.{domain}/cloudformation/home?region={region}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_is_that_of_the_regions_world() {
        for (region, domain) in [
            ("eu-west-1", "eu-west-1.console.aws.amazon.com"),
            ("cn-north-1", "cn-north-1.console.amazonaws.cn"),
            ("us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
            ("eusc-de-east-1", "eusc-de-east-1.console.amazonaws-eusc.eu"),
        ] {
            let link = stack(region, "arn:aws:x/y").unwrap();
            let expected = format!("https://{domain}/cloudformation/home?region={region}");
            assert_eq!(link, format!("{expected}#/stacks/stackinfo?stackId=arn%3Aaws%3Ax%2Fy"));
            let link = change_set(region, "a/b", "c/d").unwrap();
            assert_eq!(link, format!("{expected}#/stacks/changesets/changes?stackId=a%2Fb&changeSetId=c%2Fd"));
        }
        assert_eq!(stack("us-iso-east-1", "x"), None);
        assert_eq!(stack("mars", "x"), None);
    }
}
