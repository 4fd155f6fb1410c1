//! Encryption of everything the bot and its workers write into workflow
//! histories: inputs, results, signals, heartbeats, summaries and failures.
//!
//! AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits for each payload,
//! so that a key should be replaced before some 2^32 payloads. An encrypted payload carries
//! the metadata of Temporal's samples: `encoding` is `binary/encrypted`, and
//! `encryption-key-id` names the key. The first key encrypts, all decrypt: to
//! rotate, put a new one in front and keep the old one until the retention of
//! the namespace has passed.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use prost::Message;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use secrecy::ExposeSecret;
use temporalio_common::data_converters::{
    DataConverter, DefaultFailureConverter, FailureConverter, PayloadCodec, PayloadConversionError, PayloadConverter,
    SerializationContextData,
};
use temporalio_common::error::{IncomingError, OutgoingError};
use temporalio_common::protos::temporal::api::common::v1::Payload;
use temporalio_common::protos::temporal::api::failure::v1::Failure;

use crate::config::EncryptionKey;
use crate::workflow::payload::{ENCODING, ENCRYPTED, KEY_ID, PLAIN, UNREADABLE, Unread, is_encrypted, key_id};

/// Why a payload cannot be encrypted or decrypted.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// Nothing is lost: with the key it can be read again.
    #[error("the payload is encrypted with the key {0:?}, which PROVISION_BOT_ENCRYPTION_KEYS does not name")]
    UnknownKey(String),
    #[error("the system gives no random numbers")]
    Random,
}

/// Encrypts and decrypts payloads. Without keys it leaves each as it is.
#[derive(Clone, Default)]
pub struct Codec {
    keys: Arc<Vec<(String, LessSafeKey)>>,
}

impl Codec {
    /// With keys of 32 bytes, as the settings check.
    pub fn new(keys: &[EncryptionKey]) -> Self {
        let key = |key: &EncryptionKey| {
            let bytes = UnboundKey::new(&AES_256_GCM, key.key.expose_secret()).ok()?;
            Some((key.id.clone(), LessSafeKey::new(bytes)))
        };
        Self { keys: Arc::new(keys.iter().filter_map(key).collect()) }
    }

    /// The ID of the key that encrypts, if any does.
    pub fn key_id(&self) -> Option<&str> {
        self.keys.first().map(|(id, _)| id.as_str())
    }

    /// What clients and workers convert their values with.
    pub fn data_converter(&self) -> DataConverter {
        // Messages and stack traces of failures are encrypted like all else.
        let failures = Failures(DefaultFailureConverter::new(!self.keys.is_empty()));
        DataConverter::new(PayloadConverter::default(), failures, self.clone())
    }

    /// Encrypts a payload, unless it is one already or is meant to stay plain.
    pub fn encrypt(&self, mut payload: Payload) -> Result<Payload, CodecError> {
        if payload.metadata.remove(PLAIN).is_some() || is_encrypted(&payload) {
            return Ok(payload);
        }
        let Some((id, key)) = self.keys.first() else { return Ok(payload) };
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| CodecError::Random)?;
        let mut sealed = payload.encode_to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(id.as_bytes()), &mut sealed)
            .map_err(|_| CodecError::Random)?;
        let metadata = [(ENCODING, ENCRYPTED), (KEY_ID, id.as_bytes())];
        Ok(Payload {
            metadata: metadata.map(|(name, value)| (name.to_owned(), value.to_vec())).into(),
            data: [&nonce[..], &sealed].concat(),
            ..Default::default()
        })
    }

    /// Decrypts a payload. With a key that is not there it fails. One that is not
    /// encrypted stays what it is. One that was never encrypted with the key it names
    /// is marked as unreadable: whoever reads it refuses it as he refuses any other
    /// that does not decode.
    pub fn decrypt(&self, payload: Payload) -> Result<Payload, CodecError> {
        if self.keys.is_empty() || !is_encrypted(&payload) {
            return Ok(payload);
        }
        let id = key_id(&payload);
        let Some((id, key)) = self.keys.iter().find(|(known, _)| *known == id) else {
            return Err(CodecError::UnknownKey(id));
        };
        Ok(open(id, key, &payload.data).unwrap_or_else(|| unreadable(payload)))
    }
}

fn unreadable(mut payload: Payload) -> Payload {
    payload.metadata.insert(ENCODING.to_owned(), UNREADABLE.to_vec());
    payload
}

/// Whether a payload was decrypted in vain.
pub fn is_unreadable(payload: &Payload) -> bool {
    payload.metadata.get(ENCODING).is_some_and(|encoding| encoding == UNREADABLE)
}

fn open(id: &str, key: &LessSafeKey, data: &[u8]) -> Option<Payload> {
    let (nonce, sealed) = data.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut sealed = sealed.to_vec();
    let plain = key.open_in_place(nonce, Aad::from(id.as_bytes()), &mut sealed).ok()?;
    Payload::decode(&*plain).ok()
}

type Coded = BoxFuture<'static, Result<Vec<Payload>, PayloadConversionError>>;

fn coded(payloads: Result<Vec<Payload>, CodecError>) -> Coded {
    ready(payloads.map_err(|error| PayloadConversionError::EncodingError(error.into()))).boxed()
}

impl PayloadCodec for Codec {
    fn encode(&self, _context: &SerializationContextData, payloads: Vec<Payload>) -> Coded {
        coded(payloads.into_iter().map(|payload| self.encrypt(payload)).collect())
    }

    /// An activity whose input cannot be read fails, and is given to another worker. A
    /// workflow gets what cannot be read as it is, among all the rest: a signal it
    /// refuses ([`crate::workflow::Lenient`]), and for what it needs itself it waits
    /// ([`crate::workflow::payload::LenientResult`], `Failures`).
    fn decode(&self, context: &SerializationContextData, payloads: Vec<Payload>) -> Coded {
        let all = matches!(context, SerializationContextData::Activity(_));
        let read = |payload: Payload| match self.decrypt(payload.clone()) {
            Err(CodecError::UnknownKey(_)) if !all => Ok(payload),
            read => read,
        };
        coded(payloads.into_iter().map(read).collect())
    }
}

/// Failures as the SDK converts them. One whose words are encrypted with a key that is
/// not here fails the workflow task, as an activity's result does: what people are told
/// must not depend on who replays.
struct Failures(DefaultFailureConverter);

impl FailureConverter for Failures {
    fn to_failure(
        &self,
        error: OutgoingError,
        payload_converter: &PayloadConverter,
        context: &SerializationContextData,
    ) -> Failure {
        self.0.to_failure(error, payload_converter, context)
    }

    fn to_error(
        &self,
        failure: Failure,
        payload_converter: &PayloadConverter,
        context: &SerializationContextData,
    ) -> Result<IncomingError, PayloadConversionError> {
        if let SerializationContextData::Workflow(_) = context
            && let Some(key) = sealed(&failure)
        {
            panic!("{}", Unread::NoKey(key));
        }
        self.0.to_error(failure, payload_converter, context)
    }
}

/// The key that a failure, or a cause of it, is still encrypted with.
fn sealed(failure: &Failure) -> Option<String> {
    let causes = std::iter::successors(Some(failure), |failure| failure.cause.as_deref());
    causes.filter_map(|failure| failure.encoded_attributes.as_ref()).find(|it| is_encrypted(it)).map(key_id)
}

#[cfg(test)]
mod tests {
    use temporalio_common::data_converters::{
        ActivitySerializationContext, NoopDecodeHint, SerializationContext, TemporalDeserializable,
        WorkflowSerializationContext,
    };

    use super::*;
    use crate::workflow::payload::LenientResult;

    fn key(id: &str, byte: u8) -> EncryptionKey {
        EncryptionKey { id: id.to_owned(), key: vec![byte; 32].into() }
    }

    fn json(text: &str) -> Payload {
        Payload {
            metadata: [(ENCODING.to_owned(), b"json/plain".to_vec())].into(),
            data: text.into(),
            ..Default::default()
        }
    }

    #[test]
    fn what_was_encrypted_is_read_again_also_after_a_rotation() {
        let old = Codec::new(&[key("old", 1)]);
        let rotated = Codec::new(&[key("new", 2), key("old", 1)]);
        let secret = old.encrypt(json("hush")).unwrap();
        assert_eq!(secret.metadata[ENCODING], ENCRYPTED);
        assert!(!String::from_utf8_lossy(&secret.data).contains("hush"));
        assert_eq!(rotated.decrypt(secret.clone()).unwrap(), json("hush"));
        assert_eq!(rotated.encrypt(json("x")).unwrap().metadata[KEY_ID], b"new");
        let gone = Codec::new(&[key("new", 2)]);
        assert_eq!(gone.decrypt(secret.clone()), Err(CodecError::UnknownKey("old".to_owned())));
        assert_eq!(Codec::default().decrypt(secret.clone()).unwrap(), secret);
    }

    #[test]
    fn no_two_payloads_look_alike_and_none_is_encrypted_twice() {
        let codec = Codec::new(&[key("k", 1)]);
        let (one, two) = (codec.encrypt(json("x")).unwrap(), codec.encrypt(json("x")).unwrap());
        assert_ne!(one.data, two.data);
        assert_eq!(codec.encrypt(one.clone()).unwrap(), one);
    }

    #[test]
    fn what_was_tampered_with_stays_unreadable() {
        let codec = Codec::new(&[key("k", 1), key("other", 1)]);
        let secret = codec.encrypt(json("hush")).unwrap();
        let mut bent = secret.clone();
        *bent.data.last_mut().unwrap() ^= 1;
        assert_eq!(codec.decrypt(bent.clone()).unwrap(), unreadable(bent));
        let mut renamed = secret.clone();
        renamed.metadata.insert(KEY_ID.to_owned(), b"other".to_vec());
        assert_eq!(codec.decrypt(renamed.clone()).unwrap(), unreadable(renamed), "the key's ID is authenticated");
        let short = Payload { data: vec![1, 2], ..secret };
        assert_eq!(codec.decrypt(short.clone()).unwrap(), unreadable(short));
    }

    #[test]
    fn an_activity_leaves_what_it_cannot_read_to_others_and_a_workflow_gets_it_as_it_is() {
        let (here, elsewhere) = (Codec::new(&[key("here", 1)]), Codec::new(&[key("elsewhere", 2)]));
        let payloads = vec![here.encrypt(json("one")).unwrap(), elsewhere.encrypt(json("two")).unwrap()];
        let read = |context| here.decode(&context, payloads.clone()).now_or_never().unwrap();
        let kept = vec![json("one"), payloads[1].clone()];
        let workflow = SerializationContextData::Workflow(WorkflowSerializationContext::new());
        assert_eq!(read(workflow).unwrap(), kept);
        assert_eq!(read(SerializationContextData::None).unwrap(), kept);
        let activity = SerializationContextData::Activity(ActivitySerializationContext::new());
        assert!(read(activity).is_err());
    }

    #[test]
    fn a_result_and_a_failure_that_cannot_be_read_fail_the_task() {
        let converter = Codec::new(&[key("here", 1)]).data_converter();
        let workflow = SerializationContextData::Workflow(WorkflowSerializationContext::new());
        let context = SerializationContext::new(&workflow, converter.payload_converter());
        let sealed = Codec::new(&[key("elsewhere", 2)]).encrypt(json("1")).unwrap();
        let result = |payload: Payload| {
            let read = || LenientResult::<u8>::from_payload(&context, payload).ok().map(|kept| kept.0);
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).ok()
        };
        assert_eq!(result(json("1")), Some(Some(1)));
        assert_eq!(result(json("\"one\"")), Some(None), "a stranger's odd result is told");
        assert_eq!(result(unreadable(sealed.clone())), Some(None), "and one that nobody ever encrypted");
        assert_eq!(result(sealed.clone()), None);

        let plain = Failure { message: "no such region".to_owned(), ..Default::default() };
        let hidden = Failure { encoded_attributes: Some(sealed), ..Default::default() };
        let caused = Failure { cause: Some(Box::new(hidden.clone())), ..plain.clone() };
        for (failure, told) in [(plain, true), (hidden, false), (caused, false)] {
            let read = || converter.to_error(&workflow, failure, NoopDecodeHint).is_ok();
            assert_eq!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).is_ok(), told);
        }
    }

    #[test]
    fn what_is_meant_to_stay_plain_does_and_carries_no_mark() {
        let mut plain = json("for a stranger");
        plain.metadata.insert(PLAIN.to_owned(), Vec::new());
        for codec in [Codec::new(&[key("k", 1)]), Codec::default()] {
            assert_eq!(codec.encrypt(plain.clone()).unwrap(), json("for a stranger"));
        }
    }
}
