//! How a request's workflow stands at this moment, as the server itself knows: no worker
//! is asked.

use temporalio_common::data_converters::SerializationContextData;
use temporalio_common::protos::temporal::api::workflow::v1::PendingActivityInfo;

use super::{Execution, RequestError, Requests};
use crate::domain::provisioning::Progress;
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
    /// What the provisioner said last, while it works or plans.
    pub progress: Option<Progress>,
}

impl Requests {
    /// Looks once.
    pub async fn look(&self, id: &RequestId) -> Result<Look, RequestError> {
        let described = self.describe(id).await?;
        let info = described.workflow_execution_info.unwrap_or_default();
        let working = described
            .pending_activities
            .into_iter()
            .find(|it| WORK.iter().any(|work| it.activity_id.starts_with(work)));
        let progress = match working {
            Some(activity) => self.progress(activity).await?,
            None => None,
        };
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
