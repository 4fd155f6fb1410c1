//! Payloads that cross the border: those from outside, which never fail to
//! decode, and those for strangers, which stay plain.
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
pub struct Loose<T>(pub Result<T, Unread>);

/// Why what came is no argument.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// Somebody else may have the key.
    #[error("the payload is encrypted, and PROVISION_BOT_ENCRYPTION_KEYS is not set here")]
    NoKey,
    #[error("{0}")]
    Wrong(String),
}

impl<T> Loose<T> {
    pub fn of(value: T) -> Self {
        Self(Ok(value))
    }
}

impl<T: Serialize + 'static> TemporalSerializable for Loose<T> {
    fn to_payload(&self, context: &SerializationContext<'_>) -> Result<Payload, PayloadConversionError> {
        let value = self.0.as_ref().map_err(|why| PayloadConversionError::EncodingError(why.to_string().into()))?;
        context.converter.to_payload(context, value)
    }
}

impl<T: DeserializeOwned + 'static> TemporalDeserializable for Loose<T> {
    fn from_payload(context: &SerializationContext<'_>, payload: Payload) -> Result<Self, PayloadConversionError> {
        if is_encrypted(&payload) {
            return Ok(Self(Err(Unread::NoKey)));
        }
        let read = context.converter.from_payload::<T>(context, payload);
        Ok(Self(read.map_err(|error| Unread::Wrong(error.to_string()))))
    }

    fn from_payloads(
        context: &SerializationContext<'_>,
        mut payloads: Vec<Payload>,
    ) -> Result<Self, PayloadConversionError> {
        match payloads.len() {
            1 => Self::from_payload(context, payloads.remove(0)),
            n => Ok(Self(Err(Unread::Wrong(format!("{n} arguments instead of 1"))))),
        }
    }
}

/// Metadata that names how a payload is encoded.
pub const ENCODING: &str = "encoding";
/// What it says of an encrypted one, by the custom of Temporal's samples.
pub const ENCRYPTED: &[u8] = b"binary/encrypted";

pub fn is_encrypted(payload: &Payload) -> bool {
    payload.metadata.get(ENCODING).is_some_and(|encoding| encoding == ENCRYPTED)
}

/// Metadata that marks a payload which is not to be encrypted. It never reaches
/// the server.
pub const PLAIN: &str = "provision-bot-plain";

/// A value for an activity; plain, it is never encrypted, so that a worker that
/// shares no key reads it.
#[derive(Clone, Debug)]
pub struct Handed<T> {
    pub value: T,
    pub plain: bool,
}

impl<T: Serialize + 'static> TemporalSerializable for Handed<T> {
    fn to_payload(&self, context: &SerializationContext<'_>) -> Result<Payload, PayloadConversionError> {
        let mut payload = context.converter.to_payload(context, &self.value)?;
        if self.plain {
            payload.metadata.insert(PLAIN.to_owned(), Vec::new());
        }
        Ok(payload)
    }
}

impl<T: DeserializeOwned + 'static> TemporalDeserializable for Handed<T> {
    fn from_payload(context: &SerializationContext<'_>, payload: Payload) -> Result<Self, PayloadConversionError> {
        Ok(Self { value: context.converter.from_payload(context, payload)?, plain: false })
    }
}
