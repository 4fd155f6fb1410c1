//! The bodies of requests: how much of them, for how long, and how much of all
//! together is held in memory. Whoever sends one may be anybody.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::{BodyExt, Limited};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::server::Seat;

/// What every connection may send without asking for room: more than nearly every
/// delivery of Slack's, and little enough that all connections may.
const FREE: usize = 64 * 1024;
/// How long the rest of a body that is refused is taken, so that its sender reads
/// the answer instead of finding the connection broken.
const DRAINED_WITHIN: Duration = Duration::from_secs(2);

/// What bodies may take of the process.
#[derive(Clone)]
pub struct Bodies {
    /// The largest body that is read, in bytes.
    most: usize,
    /// How long a body may take to arrive.
    within: Duration,
    /// Bytes that may be held beyond the free ones, by all connections together.
    room: Arc<Semaphore>,
}

/// A body, and the room it takes for as long as this lives.
pub struct Held {
    bytes: Vec<u8>,
    room: Option<OwnedSemaphorePermit>,
}

/// Why a body is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the body is larger than any that is expected")]
    TooLarge,
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("other bodies take all the room there is")]
    NoRoom,
    #[error("the body broke off")]
    Broken,
}

impl Refusal {
    pub fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.status().into_response()
    }
}

impl Bodies {
    /// Bodies of up to `most` bytes, each `within` a time. Beyond what is free,
    /// `room` bytes of them at once.
    pub fn new(most: usize, within: Duration, room: usize) -> Self {
        Self { most, within, room: Arc::new(Semaphore::new(room)) }
    }

    /// Reads the body. Room is taken as bytes arrive, not as they are announced.
    pub async fn read(&self, parts: &Parts, body: Body) -> Result<Held, Refusal> {
        if announced(parts).is_some_and(|length| length > self.most as u64) {
            self.let_go(parts, body);
            return Err(Refusal::TooLarge);
        }
        // While the client is waited for, its place may be given to another.
        let seat = parts.extensions.get::<Seat>();
        seat.inspect(|seat| seat.gives_way());
        let mut body = body;
        let mut held = Held { bytes: Vec::new(), room: None };
        let result = match timeout(self.within, self.fill(&mut held, &mut body)).await {
            Ok(result) => result,
            Err(_) => Err(Refusal::TooSlow),
        };
        seat.inspect(|seat| seat.works());
        match result {
            Ok(()) => Ok(held),
            Err(refusal) => {
                drop(held);
                if refusal != Refusal::TooSlow {
                    self.let_go(parts, body);
                }
                Err(refusal)
            }
        }
    }

    async fn fill(&self, held: &mut Held, body: &mut Body) -> Result<(), Refusal> {
        while let Some(frame) = body.frame().await {
            // Trailers are of no use.
            let Ok(data) = frame.map_err(|_| Refusal::Broken)?.into_data() else { continue };
            let length = held.bytes.len() + data.len();
            if length > self.most {
                return Err(Refusal::TooLarge);
            }
            let taken = held.room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
            if let Some(more) = length.saturating_sub(FREE).checked_sub(taken).filter(|more| *more > 0) {
                let more = u32::try_from(more).map_err(|_| Refusal::TooLarge)?;
                let more = self.room.clone().try_acquire_many_owned(more).map_err(|_| Refusal::NoRoom)?;
                match &mut held.room {
                    Some(room) => room.merge(more),
                    none => *none = Some(more),
                }
            }
            // Copied, since a frame of one byte may hold a whole buffer.
            held.bytes.extend_from_slice(&data);
        }
        Ok(())
    }

    /// Takes the rest of a body that is of no interest, beside the answer: none of
    /// it is kept, and it may be neither long nor slow.
    pub fn let_go(&self, parts: &Parts, body: Body) {
        // Who expects to be told to go on has sent nothing, and will not.
        if parts.headers.contains_key(header::EXPECT) {
            return;
        }
        let mut rest = Limited::new(body, self.most);
        tokio::spawn(timeout(DRAINED_WITHIN, async move { while let Some(Ok(_)) = rest.frame().await {} }));
    }
}

impl Held {
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The length of the body, where it is told.
fn announced(parts: &Parts) -> Option<u64> {
    parts.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use axum::extract::Request;
    use futures::stream;

    use super::*;

    const KIB: usize = 1024;

    fn request(chunks: Vec<Vec<u8>>) -> (Parts, Body) {
        let chunks = chunks.into_iter().map(|chunk| Ok::<_, std::io::Error>(Bytes::from(chunk)));
        Request::new(Body::from_stream(stream::iter(chunks))).into_parts()
    }

    async fn read(bodies: &Bodies, size: usize) -> Result<Held, Refusal> {
        let (parts, body) = request(vec![vec![b'a'; KIB]; size / KIB]);
        bodies.read(&parts, body).await
    }

    #[tokio::test]
    async fn what_all_hold_is_bounded_and_the_small_ones_always_fit() {
        let bodies = Bodies::new(1024 * KIB, Duration::from_secs(60), 512 * KIB);
        let large = read(&bodies, 64 * KIB + 512 * KIB).await.unwrap_or_else(|refusal| panic!("{refusal:?}"));
        assert_eq!(large.bytes().len(), 576 * KIB);
        for _ in 0..3 {
            assert_eq!(read(&bodies, 65 * KIB).await.err(), Some(Refusal::NoRoom));
        }
        let small: Vec<Held> = futures::future::join_all((0..100).map(|_| read(&bodies, 64 * KIB)))
            .await
            .into_iter()
            .map(|held| held.unwrap_or_else(|refusal| panic!("a small one: {refusal:?}")))
            .collect();
        drop(large);
        assert!(read(&bodies, 576 * KIB).await.is_ok(), "what was held is free again");
        assert!(read(&bodies, 576 * KIB).await.is_ok(), "and again");
        drop(small);
    }

    #[tokio::test]
    async fn a_refused_body_gives_its_room_back() {
        let bodies = Bodies::new(256 * KIB, Duration::from_secs(60), 192 * KIB);
        for _ in 0..3 {
            assert_eq!(read(&bodies, 257 * KIB).await.err(), Some(Refusal::TooLarge));
        }
        assert_eq!(bodies.room.available_permits(), 192 * KIB);
        assert!(read(&bodies, 256 * KIB).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_that_is_announced_too_large_or_never_comes_is_not_waited_for() {
        let bodies = Bodies::new(256 * KIB, Duration::from_millis(50), 192 * KIB);
        let (mut parts, _) = request(Vec::new());
        let never = || Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        assert_eq!(bodies.read(&parts, never()).await.err(), Some(Refusal::TooSlow));
        parts.headers.insert(header::CONTENT_LENGTH, "262145".parse().expect("a length"));
        assert_eq!(bodies.read(&parts, never()).await.err(), Some(Refusal::TooLarge));
        parts.headers.insert(header::CONTENT_LENGTH, "262144".parse().expect("a length"));
        assert_eq!(bodies.read(&parts, never()).await.err(), Some(Refusal::TooSlow));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_none() {
        let bodies = Bodies::new(256 * KIB, Duration::from_secs(60), 192 * KIB);
        let broken = stream::iter([Ok(Bytes::from("text=")), Err(std::io::Error::other("gone"))]);
        let (parts, body) = Request::new(Body::from_stream(broken)).into_parts();
        assert_eq!(bodies.read(&parts, body).await.err(), Some(Refusal::Broken));
    }
}
