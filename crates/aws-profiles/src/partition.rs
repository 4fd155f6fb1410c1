//! Amazon's partitions: which of its separate worlds a region is in, by the data of the
//! AWS SDK. It decides how ARNs begin and where a bucket is reached. With a new version
//! of the SDK come new partitions, by themselves.

use aws_sdk_s3::config::endpoint::{DefaultResolver, Params, ParamsBuilder, ResolveEndpoint};
use futures::FutureExt;

/// The partition that most of the world's regions are in.
pub const COMMERCIAL: &str = "aws";

/// A region of it that every account has.
pub const HOME: &str = "us-east-1";

/// The regions of [`COMMERCIAL`] that every account has. All that came after 20 March
/// 2019, and all that are still to come, have to be enabled first (AWS account
/// management guide, "Enable or disable AWS Regions").
const ALWAYS_ENABLED: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The partition's name. `None`: the SDK knows no such region, nor any like it.
pub fn of(region: &str) -> Option<String> {
    // The SDK keeps its table to itself, and tells the name to whoever asks for an
    // access point of a partition that there is not.
    let nowhere = params(region).bucket("arn:nowhere:s3::123456789012:accesspoint:a.mrap").use_arn_region(true);
    let said = resolve(nowhere).err()?;
    let (_, name) = said.split_once("partition `")?;
    let (name, _) = name.split_once('`')?;
    // It takes whatever it does not know for commercial.
    (name != COMMERCIAL || is_commercial(region)).then(|| name.to_owned())
}

/// A region that is in none is none of Amazon's: nothing is begun there. Other servers,
/// which have an endpoint, call theirs what they like.
pub fn is_somewhere(region: &str, endpoint: Option<&str>) -> Result<(), Nowhere> {
    match endpoint.is_some() || of(region).is_some() {
        true => Ok(()),
        false => Err(Nowhere(format!("no region of AWS that this version knows is called {region:?}, nor like it"))),
    }
}

/// A region that is none, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nowhere(pub String);

/// Two letters, a word and a number: `eu-west-1`. Those of other partitions differ, and so
/// will those of partitions to come.
fn is_commercial(region: &str) -> bool {
    let parts: Vec<&str> = region.split('-').collect();
    let letters = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase());
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    matches!(*parts, [place, word, number] if place.len() == 2 && letters(place) && letters(word) && digits(number))
}

/// Whether an account has to enable the region before its credentials count there.
pub fn must_be_enabled(region: &str) -> bool {
    of(region).as_deref() == Some(COMMERCIAL) && !ALWAYS_ENABLED.contains(&region)
}

/// Where Amazon serves a bucket: a URL without a slash at its end. `None`: nowhere, for
/// no region is called so.
pub fn address(region: &str, bucket: &str) -> Option<String> {
    of(region)?;
    resolve(params(region).bucket(bucket)).ok()
}

/// Whether Amazon serves S3 for this region at this host.
pub fn is_amazons(host: &str, region: &str) -> bool {
    let of_region =
        address(region, "bucket").and_then(|url| Some(url.split_once(&format!(".{region}."))?.1.to_owned()));
    let domains = ["amazonaws.com".to_owned(), "amazonaws.com.cn".to_owned()].into_iter().chain(of_region);
    domains.into_iter().any(|domain| host.strip_suffix(&*domain).is_some_and(|before| before.ends_with('.')))
}

fn params(region: &str) -> ParamsBuilder {
    Params::builder().region(region)
}

/// The URL that the SDK would ask, or why there is none.
fn resolve(params: ParamsBuilder) -> Result<String, String> {
    let params = params.build().map_err(|error| error.to_string())?;
    let resolver = DefaultResolver::new();
    match ResolveEndpoint::resolve_endpoint(&resolver, &params).now_or_never() {
        Some(Ok(endpoint)) => Ok(endpoint.url().trim_end_matches('/').to_owned()),
        Some(Err(error)) => Err(error.to_string()),
        None => Err("the SDK looks elsewhere".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// AWS general reference, "AWS Regions" and the partitions' own; and regions of the
    /// same pattern that there are not yet.
    const WORLDS: [(&str, &str, &[&str]); 8] = [
        (
            "aws",
            "amazonaws.com",
            &["us-east-1", "eu-west-1", "ap-southeast-7", "mx-central-1", "il-central-1", "zz-new-9"],
        ),
        ("aws-cn", "amazonaws.com.cn", &["cn-north-1", "cn-northwest-1", "cn-south-9"]),
        ("aws-us-gov", "amazonaws.com", &["us-gov-west-1", "us-gov-east-1", "us-gov-north-9"]),
        ("aws-eusc", "amazonaws.eu", &["eusc-de-east-1", "eusc-de-west-9"]),
        ("aws-iso", "c2s.ic.gov", &["us-iso-east-1", "us-iso-west-1", "us-iso-north-9"]),
        ("aws-iso-b", "sc2s.sgov.gov", &["us-isob-east-1", "us-isob-west-1", "us-isob-north-9"]),
        ("aws-iso-e", "cloud.adc-e.uk", &["eu-isoe-west-1", "eu-isoe-north-9"]),
        ("aws-iso-f", "csp.hci.ic.gov", &["us-isof-east-1", "us-isof-south-1", "us-isof-north-9"]),
    ];

    #[test]
    fn every_region_is_in_its_own_world() {
        for (name, domain, regions) in WORLDS {
            for region in regions {
                assert_eq!(of(region).as_deref(), Some(name), "{region}");
                let expected = format!("https://app-a-b-1.s3.{region}.{domain}");
                assert_eq!(address(region, "app-a-b-1").as_deref(), Some(&*expected), "{region}");
            }
        }
    }

    #[test]
    fn what_is_like_no_region_is_in_none() {
        for region in
            ["mars", "us-isog-east-1", "eusd-de-east-1", "aws-global", "fsn1", "us-east", "1-2-3", "", "-", "a--1"]
        {
            assert_eq!(of(region), None, "{region:?}");
            assert_eq!(address(region, "b"), None, "{region:?}");
        }
    }

    #[test]
    fn newer_regions_of_the_first_world_have_to_be_enabled() {
        for region in ["af-south-1", "ap-east-1", "eu-south-2", "me-central-1", "il-central-1", "zz-new-1"] {
            assert!(must_be_enabled(region), "{region}");
        }
        for region in
            ["us-east-1", "eu-north-1", "cn-north-1", "us-gov-east-1", "eusc-de-east-1", "us-iso-east-1", "mars"]
        {
            assert!(!must_be_enabled(region), "{region}");
        }
    }

    #[test]
    fn amazons_hosts_are_those_of_the_regions_world() {
        for (host, region) in [
            ("s3.eu-west-1.amazonaws.com", "eu-west-1"),
            ("bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com", "us-east-1"),
            ("s3.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            ("bucket.vpce-1.s3.eusc-de-east-1.vpce.amazonaws.eu", "eusc-de-east-1"),
            ("s3.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
        ] {
            assert!(is_amazons(host, region), "{host}");
        }
        for host in ["127.0.0.1", "localhost", "minio.example.com", "amazonaws.com.evil.example", "notamazonaws.com"] {
            assert!(!is_amazons(host, "eu-west-1"), "{host}");
        }
        assert!(!is_amazons("s3.eu-west-1.amazonaws.eu", "eu-west-1"), "the world of another region");
    }
}
