//! The release that the workers are, where they are versioned: whether Temporal sends
//! it requests. One that is about to start is none the worse for it.

use temporalio_client::Client;

use super::line::Line;
use crate::config::Release;
use crate::versioning::{self, Routing};

pub(super) async fn line(client: &Client, release: &Release) -> Line {
    const WHAT: &str = "Temporal worker versioning";
    let Release { deployment_name, build_id } = release;
    let said = match Routing::of(client, release).await {
        Ok(Routing::Here) => {
            return Line::passed(WHAT, format!("requests go to the release {build_id:?} of {deployment_name:?}"));
        }
        Ok(Routing::Elsewhere(Some(current))) => {
            format!("no requests go to the release {build_id:?} of {deployment_name:?}, they go to {current:?}")
        }
        Ok(Routing::Elsewhere(None)) => {
            format!("no release of {deployment_name:?} is current: requests wait, or go to bots that are no release")
        }
        Err(status) => return Line::passed(WHAT, format!("not known: {}", status.message())),
    };
    let how = versioning::make_current(release);
    Line::passed(WHAT, said).advise(format!("To send them here, start its workers, then run: {how}"))
}
