//! A payload from outside that never fails to decode.
//!
//! A typed argument that does not decode fails the workflow task, which the
//! server repeats for ever: nothing else of that workflow would ever happen. With
//! [`Loose`] the mistake arrives as a value, and the workflow can refuse it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use temporalio_common::data_converters::{
    GenericPayloadConverter, PayloadConversionError, SerializationContext, TemporalDeserializable, TemporalSerializable,
};
use temporalio_common::protos::temporal::api::common::v1::Payload;

/// One argument, or why what came is not one.
#[derive(Clone, Debug)]
pub struct Loose<T>(pub Result<T, String>);

impl<T> Loose<T> {
    pub fn of(value: T) -> Self {
        Self(Ok(value))
    }
}

impl<T: Serialize + 'static> TemporalSerializable for Loose<T> {
    fn to_payload(&self, context: &SerializationContext<'_>) -> Result<Payload, PayloadConversionError> {
        let value = self.0.as_ref().map_err(|why| PayloadConversionError::EncodingError(why.clone().into()))?;
        context.converter.to_payload(context, value)
    }
}

impl<T: DeserializeOwned + 'static> TemporalDeserializable for Loose<T> {
    fn from_payload(context: &SerializationContext<'_>, payload: Payload) -> Result<Self, PayloadConversionError> {
        Ok(Self(context.converter.from_payload::<T>(context, payload).map_err(|error| error.to_string())))
    }

    fn from_payloads(
        context: &SerializationContext<'_>,
        mut payloads: Vec<Payload>,
    ) -> Result<Self, PayloadConversionError> {
        match payloads.len() {
            1 => Self::from_payload(context, payloads.remove(0)),
            n => Ok(Self(Err(format!("{n} arguments instead of 1")))),
        }
    }
}
