//! Payloads that cross the border: those from outside, which never fail to
//! decode, those for strangers, which stay plain, and those that are kept until
//! somebody can read them.
//!
//! A typed argument that does not decode fails the workflow task, which the
//! server repeats for ever: nothing else of that workflow would ever happen. With
//! [`Lenient`] the mistake arrives as a value, and the workflow can refuse it. What was
//! written by an activity is another matter: with [`LenientResult`] the task fails, and is
//! given to somebody who has the key.

use serde::Serialize;
use serde::de::DeserializeOwned;
use temporalio_common::data_converters::{
    GenericPayloadConverter, PayloadConversionError, SerializationContext, TemporalDeserializable, TemporalSerializable,
};
use temporalio_common::protos::temporal::api::common::v1::Payload;

/// One argument, or why what came is not one.
#[derive(Clone, Debug)]
pub struct Lenient<T>(pub Result<T, Unread>);

/// Why what came is no argument.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unread {
    /// Somebody else may have the key.
    #[error("the payload is encrypted with the key {0:?}, which PROVISION_BOT_ENCRYPTION_KEYS does not name here")]
    NoKey(String),
    /// It was not encrypted with the key it names, as that is here.
    #[error("the payload cannot be decrypted: it was changed, or its key was another one of the same ID")]
    Tampered,
    #[error("{0}")]
    Wrong(String),
}

impl Unread {
    /// Why nobody can read a payload here, if that is a matter of keys. Whoever has
    /// other keys may find otherwise.
    pub fn for_lack_of_a_key(&self) -> bool {
        match self {
            Self::NoKey(_) | Self::Tampered => true,
            Self::Wrong(_) => false,
        }
    }

    fn sealed(payload: &Payload) -> Option<Self> {
        match payload.metadata.get(ENCODING).map(Vec::as_slice) {
            Some(ENCRYPTED) => Some(Self::NoKey(key_id(payload).chars().take(KEY_ID_MAX).collect())),
            Some(UNREADABLE) => Some(Self::Tampered),
            _ => None,
        }
    }
}

impl<T> Lenient<T> {
    pub fn of(value: T) -> Self {
        Self(Ok(value))
    }
}

impl<T: Serialize + 'static> TemporalSerializable for Lenient<T> {
    fn to_payload(&self, context: &SerializationContext<'_>) -> Result<Payload, PayloadConversionError> {
        let value = self.0.as_ref().map_err(|why| PayloadConversionError::EncodingError(why.to_string().into()))?;
        context.converter.to_payload(context, value)
    }
}

impl<T: DeserializeOwned + 'static> TemporalDeserializable for Lenient<T> {
    fn from_payload(context: &SerializationContext<'_>, payload: Payload) -> Result<Self, PayloadConversionError> {
        if let Some(why) = Unread::sealed(&payload) {
            return Ok(Self(Err(why)));
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

/// The result of an activity. Where it is encrypted with a key that is not here, the
/// workflow task fails: the server repeats it until somebody has the key.
#[derive(Clone, Debug)]
pub struct LenientResult<T>(pub T);

impl<T: Serialize + 'static> TemporalSerializable for LenientResult<T> {
    fn to_payload(&self, context: &SerializationContext<'_>) -> Result<Payload, PayloadConversionError> {
        context.converter.to_payload(context, &self.0)
    }
}

impl<T: DeserializeOwned + 'static> TemporalDeserializable for LenientResult<T> {
    fn from_payload(context: &SerializationContext<'_>, payload: Payload) -> Result<Self, PayloadConversionError> {
        if let Some(why @ Unread::NoKey(_)) = Unread::sealed(&payload) {
            panic!("{why}");
        }
        Ok(Self(context.converter.from_payload(context, payload)?))
    }
}

/// Metadata that names how a payload is encoded.
pub const ENCODING: &str = "encoding";
/// What it says of an encrypted one, by the custom of Temporal's samples.
pub const ENCRYPTED: &[u8] = b"binary/encrypted";

/// The encoding of what only looked encrypted: nothing knows how to read it.
pub const UNREADABLE: &[u8] = b"binary/unreadable";
/// Metadata that names the key.
pub const KEY_ID: &str = "encryption-key-id";
/// How much of that is told: anybody may write it.
const KEY_ID_MAX: usize = 100;

pub fn key_id(payload: &Payload) -> String {
    String::from_utf8_lossy(payload.metadata.get(KEY_ID).map(Vec::as_slice).unwrap_or_default()).into_owned()
}

pub fn is_encrypted(payload: &Payload) -> bool {
    payload.metadata.get(ENCODING).is_some_and(|encoding| encoding == ENCRYPTED)
}

/// Metadata that marks a payload which is not to be encrypted. It never reaches
/// the server.
pub const PLAIN: &str = "provision-bot-plain";

/// A value for an activity; plain, it is never encrypted, so that a worker that
/// shares no key reads it.
#[derive(Clone, Debug)]
pub struct Outgoing<T> {
    pub value: T,
    pub plain: bool,
}

impl<T: Serialize + 'static> TemporalSerializable for Outgoing<T> {
    fn to_payload(&self, context: &SerializationContext<'_>) -> Result<Payload, PayloadConversionError> {
        let mut payload = context.converter.to_payload(context, &self.value)?;
        if self.plain {
            payload.metadata.insert(PLAIN.to_owned(), Vec::new());
        }
        Ok(payload)
    }
}

impl<T: DeserializeOwned + 'static> TemporalDeserializable for Outgoing<T> {
    fn from_payload(context: &SerializationContext<'_>, payload: Payload) -> Result<Self, PayloadConversionError> {
        Ok(Self { value: context.converter.from_payload(context, payload)?, plain: false })
    }
}
