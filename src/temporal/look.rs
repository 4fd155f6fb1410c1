//! How a request's workflow stands at this moment, as the server itself knows: no worker
//! is asked.

use temporalio_common::data_converters::SerializationContextData;
use temporalio_common::protos::temporal::api::workflow::v1::PendingActivityInfo;

use super::{Execution, RequestError, Requests};
use crate::domain::provisioning::{Progress, Underway};
use crate::domain::request::RequestId;
use crate::workflow::Lenient;
use crate::workflow::contract::Heartbeat;

/// The IDs of the activities that provision begin so, `provision-1`, and so on; and those of
/// the ones that plan.
const WORK: [&str; 2] = ["provision-", "plan-"];

/// How a workflow stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub execution: Execution,
    /// How long its history is: nothing has happened as long as that stays.
    pub events: i64,
    /// What the provisioner said last, while it works or plans; of parts those at work, added up.
    pub progress: Option<Progress>,
}

impl Requests {
    /// Looks once.
    pub async fn look(&self, id: &RequestId) -> Result<Look, RequestError> {
        let described = self.describe(id).await?;
        let info = described.workflow_execution_info.unwrap_or_default();
        let is_work = |it: &PendingActivityInfo| WORK.iter().any(|work| it.activity_id.starts_with(work));
        let mut seen = Underway::default();
        for activity in described.pending_activities.into_iter().filter(is_work) {
            let id = part_of(&activity.activity_id).to_owned();
            if let Some(progress) = self.progress(activity).await? {
                seen.says(&id, progress);
            }
        }
        let progress = seen.sum();
        Ok(Look { execution: Execution::of(info.status), events: info.history_length, progress })
    }

    /// What a heartbeat says, whoever wrote it; `None`: nothing of progress.
    async fn progress(&self, activity: PendingActivityInfo) -> Result<Option<Progress>, RequestError> {
        let Some(details) = activity.heartbeat_details else { return Ok(None) };
        let converter = &self.client()?.options().data_converter;
        let read =
            converter.from_payloads::<Lenient<Heartbeat>>(&SerializationContextData::None, details.payloads).await;
        Ok(read.ok().and_then(|progress| progress.0.ok()).map(Progress::from))
    }
}

/// The part that an activity is about: what stands behind the number of the attempt in
/// `provision-1-site`.
fn part_of(activity_id: &str) -> &str {
    activity_id.splitn(3, '-').nth(2).unwrap_or_default()
}
