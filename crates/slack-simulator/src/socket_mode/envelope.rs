//! Deliveries in envelopes: sent over one of the app's connections, acknowledged, and sent
//! again over another one when the first went away.

use std::time::Instant;

use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::record::{Delivery, now};
use crate::simulator::Simulator;
use crate::sockets::{Order, SocketFault};

impl Simulator {
    /// Sends an envelope over one of the connections and waits for its
    /// acknowledgement, which is recorded like the answer to an HTTP delivery:
    /// status 200, and the payload as the body.
    pub(crate) async fn deliver_envelope(&self, path: &str, kind: &str, payload: &Value) -> Delivery {
        let started = Instant::now();
        let deadline = self.read(|state| state.rules.ack_deadline);
        let mut delivery = Delivery { path: path.into(), body: payload.to_string(), at: now(), ..Delivery::default() };
        match tokio::time::timeout(deadline, self.acknowledged(kind, payload)).await {
            Err(_) => delivery.error = Some("operation_timeout".into()),
            Ok((number, answer)) => {
                delivery.status = Some(200);
                delivery.connection = Some(number);
                // Bolt for JavaScript says nothing with an empty object.
                let says = answer.as_object().is_none_or(|object| !object.is_empty()) && !answer.is_null();
                if accepts_payload(kind, payload) && says {
                    delivery.content_type = "application/json".into();
                    delivery.answer = answer.to_string();
                }
            }
        }
        delivery.latency = started.elapsed();
        self.change(|state| state.deliveries.push(delivery.clone()));
        delivery
    }

    /// Sends it, over another connection each time the last one went away.
    async fn acknowledged(&self, kind: &str, payload: &Value) -> (u64, Value) {
        let id = uuid::Uuid::new_v4().to_string();
        let mut attempt = 0;
        loop {
            let (number, link) = self.sockets().choose().await;
            let fault = self.sockets().change(|state| state.faults.pop_front());
            if fault == Some(SocketFault::BreakBefore) {
                let _ = link.send(Order::Break);
                self.gone(number).await;
                continue;
            }
            let mut envelope = json!({
                "type": kind,
                "envelope_id": id,
                "payload": payload,
                "accepts_response_payload": accepts_payload(kind, payload),
            });
            if kind == "events_api" || attempt > 0 {
                envelope["retry_attempt"] = attempt.into();
                envelope["retry_reason"] = if attempt > 0 { "timeout" } else { "" }.into();
            }
            attempt += 1;
            let (ack, answered) = oneshot::channel();
            let _ = link.send(Order::Deliver { id: id.clone(), envelope, ack });
            match fault {
                Some(SocketFault::BreakAfter) => drop(link.send(Order::Break)),
                Some(SocketFault::LoseAck) => {
                    let _ = answered.await;
                    let _ = link.send(Order::Break);
                    self.gone(number).await;
                    continue;
                }
                _ => {}
            }
            match answered.await {
                Ok(answer) => return (number, answer),
                Err(_) => self.gone(number).await,
            }
        }
    }

    /// Returns when this connection is no more.
    async fn gone(&self, number: u64) {
        let mut changes = self.sockets().changes();
        while self.connections().iter().any(|connection| connection.number == number) {
            let _ = changes.changed().await;
        }
    }
}

/// May the acknowledgement carry what an HTTP body would?
fn accepts_payload(kind: &str, payload: &Value) -> bool {
    let answered = ["view_submission", "block_suggestion"];
    kind == "slash_commands" || payload["type"].as_str().is_some_and(|interaction| answered.contains(&interaction))
}
