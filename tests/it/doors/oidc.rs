//! Tokens of OpenID Connect: a real issuer over HTTP, and everything with which somebody
//! might pass for one of its bearers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use harness::ports::Port;
use hmac::{Hmac, KeyInit, Mac};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaKeyPair,
};
use serde_json::{Value, json};
use sha2::Sha256;

use super::client::Program;
use crate::world::{Web, plain};

/// A key for tests alone: `openssl genpkey -algorithm RSA -outform DER`.
const RSA: &[u8] = include_bytes!("../../fixtures/oidc/rsa.pk8");

/// An identity provider: its documents, and the keys it signs with.
struct Issuer {
    url: String,
    served: Arc<Served>,
    rsa: RsaKeyPair,
    ec: EcdsaKeyPair,
}

#[derive(Default)]
struct Served {
    documents: Mutex<Documents>,
    /// How often keys were fetched.
    fetched: AtomicUsize,
}

#[derive(Default)]
struct Documents {
    discovery: Value,
    keys: Value,
    away: bool,
}

impl Issuer {
    async fn start() -> Self {
        let (port, listener) = Port::listening().unwrap();
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        let url = format!("http://{}", port.address());
        let rsa = RsaKeyPair::from_pkcs8(RSA).unwrap();
        let ec = ec_key();
        let served = Arc::<Served>::default();
        let issuer = Self { url, served, rsa, ec };
        issuer.change(|documents| {
            documents.discovery = json!({ "issuer": issuer.url, "jwks_uri": format!("{}/keys", issuer.url) });
            documents.keys = json!({ "keys": [
                { "kty": "oct", "k": "c2VjcmV0", "kid": "shared" }, { "kty": "new" },
                issuer.rsa_key("rsa-1"), ec_jwk(&issuer.ec, "ec-1"),
            ]});
        });
        let routes = Router::new()
            .route("/.well-known/openid-configuration", get(async |served: State<Arc<Served>>| served.0.discovery()))
            .route("/keys", get(async |served: State<Arc<Served>>| served.0.keys()))
            .with_state(issuer.served.clone());
        tokio::spawn(async move {
            let _port = port;
            axum::serve(listener, routes).await.unwrap();
        });
        issuer
    }

    fn change(&self, change: impl FnOnce(&mut Documents)) {
        change(&mut self.served.documents.lock().unwrap());
    }

    fn fetched(&self) -> usize {
        self.served.fetched.load(Ordering::SeqCst)
    }

    fn rsa_key(&self, kid: &str) -> Value {
        let public = ring::signature::RsaPublicKeyComponents::<Vec<u8>>::from(self.rsa.public());
        json!({ "kty": "RSA", "kid": kid, "use": "sig", "alg": "RS256",
                "n": BASE64.encode(public.n), "e": BASE64.encode(public.e) })
    }

    /// What a good token says.
    fn claims(&self) -> Value {
        json!({ "iss": self.url, "aud": "bot", "repository": "acme/shop", "exp": now() + 300, "nbf": now() - 5 })
    }

    /// A token signed as its header says.
    fn token(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", BASE64.encode(header.to_string()), BASE64.encode(claims.to_string()));
        let signature = match header["alg"].as_str().unwrap() {
            "RS256" | "RS512" => {
                let mut signature = vec![0; self.rsa.public().modulus_len()];
                let how = if header["alg"] == "RS256" { &RSA_PKCS1_SHA256 } else { &RSA_PKCS1_SHA512 };
                self.rsa.sign(how, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
                signature
            }
            "ES256" => self.ec.sign(&SystemRandom::new(), message.as_bytes()).unwrap().as_ref().to_vec(),
            "HS256" => {
                // With what everybody knows as the secret.
                let mut mac = Hmac::<Sha256>::new_from_slice(self.rsa.public().as_ref()).unwrap();
                mac.update(message.as_bytes());
                mac.finalize().into_bytes().to_vec()
            }
            _ => Vec::new(),
        };
        format!("{message}.{}", BASE64.encode(signature))
    }

    fn good(&self) -> String {
        self.token(&json!({ "alg": "RS256", "kid": "rsa-1" }), &self.claims())
    }

    fn with(&self, key: &str, value: Value) -> Value {
        let mut claims = self.claims();
        match value {
            Value::Null => _ = claims.as_object_mut().unwrap().remove(key),
            value => claims[key] = value,
        }
        claims
    }
}

impl Served {
    fn discovery(&self) -> Response {
        let documents = self.documents.lock().unwrap();
        if documents.away {
            StatusCode::BAD_GATEWAY.into_response()
        } else {
            Json(documents.discovery.clone()).into_response()
        }
    }

    fn keys(&self) -> Response {
        self.fetched.fetch_add(1, Ordering::SeqCst);
        Json(self.documents.lock().unwrap().keys.clone()).into_response()
    }
}

fn ec_key() -> EcdsaKeyPair {
    let random = SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap()
}

fn ec_jwk(key: &EcdsaKeyPair, kid: &str) -> Value {
    let point = key.public_key().as_ref();
    json!({ "kty": "EC", "crv": "P-256", "kid": kid, "x": BASE64.encode(&point[1..33]), "y": BASE64.encode(&point[33..]) })
}

#[expect(clippy::disallowed_methods, reason = "a token is judged by the clock")]
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Two clients of an issuer, and one with a token of its own.
async fn web(issuer: &Issuer) -> (Web, Program) {
    let digest = hex::encode(<Sha256 as sha2::Digest>::digest("own"));
    let config = format!(
        "regions = [\"us-east-1\"]\nprofiles = [\"sandbox\"]\n[[teams]]\nid = \"pay\"\nname = \"Pay\"\n\
         [[clients]]\nid = \"main\"\nissuer = \"{0}\"\naudience = \"bot\"\n\
         claims = {{ repository = \"acme/shop\", ref = \"main\" }}\nmay = [\"decide\"]\nteams = [\"pay\"]\n\
         [[clients]]\nid = \"any\"\nissuer = \"{0}\"\naudience = \"bot\"\nclaims = {{ repository = \"acme/shop\" }}\n\
         may = [\"read\"]\nteams = [\"pay\"]\n\
         [[clients]]\nid = \"own\"\ntoken_sha256 = \"{digest}\"\nmay = [\"read\"]\nteams = [\"pay\"]\n",
        issuer.url
    );
    let web = Web::start(&config).await;
    let program = Program::new(&web.url, None);
    (web, program)
}

/// What a call with this token is answered: one that is wrong otherwise is told so only behind the
/// door.
async fn status(program: &Program, token: &str) -> StatusCode {
    match program.with(Some(token)).get("/requests?status=none").await.status {
        StatusCode::UNPROCESSABLE_ENTITY => StatusCode::OK,
        other => other,
    }
}

#[test]
fn a_token_that_its_issuer_signed_opens_the_door() {
    plain(async || {
        let issuer = Issuer::start().await;
        let (_web, program) = web(&issuer).await;
        let (rsa, ec) = (json!({ "alg": "RS256", "kid": "rsa-1" }), json!({ "alg": "ES256", "kid": "ec-1" }));
        for (header, claims) in [
            (&rsa, issuer.claims()),
            (&ec, issuer.claims()),
            (&json!({ "alg": "RS256" }), issuer.claims()),
            (&rsa, issuer.with("aud", json!(["other", "bot"]))),
            (&rsa, issuer.with("repository", json!(["acme/shop", "acme/other"]))),
            (&rsa, issuer.with("exp", json!(now() - 30))),
            (&rsa, issuer.with("nbf", json!(now() + 30))),
            (&rsa, issuer.with("nbf", Value::Null)),
        ] {
            assert_eq!(status(&program, &issuer.token(header, &claims)).await, StatusCode::OK, "{header} {claims}");
        }
        assert_eq!(issuer.fetched(), 1, "keys are kept");
        // Of two that fit, the first of the file is who it is, with its rights.
        let first = issuer.token(&rsa, &issuer.with("ref", json!("main")));
        assert_eq!(status(&program, &first).await, StatusCode::FORBIDDEN);
    });
}

#[test]
fn nothing_else_opens_it() {
    plain(async || {
        let issuer = Issuer::start().await;
        let (_web, program) = web(&issuer).await;
        let rsa = json!({ "alg": "RS256", "kid": "rsa-1" });
        let stranger = Issuer::start().await;
        let header = |key: &str, value: Value| {
            let mut header = rsa.clone();
            header[key] = value;
            header
        };
        let good = issuer.good();
        let parts: Vec<_> = good.split('.').collect();
        let other = BASE64.encode(issuer.with("repository", json!("acme/bank")).to_string());
        let ours_elsewhere = format!("{}/keys", stranger.url);
        for (what, token) in [
            ("expired", issuer.token(&rsa, &issuer.with("exp", json!(now() - 90)))),
            ("no end", issuer.token(&rsa, &issuer.with("exp", Value::Null))),
            ("an end that is no number", issuer.token(&rsa, &issuer.with("exp", json!("later")))),
            ("not yet", issuer.token(&rsa, &issuer.with("nbf", json!(now() + 90)))),
            ("another audience", issuer.token(&rsa, &issuer.with("aud", json!("bots")))),
            ("no audience", issuer.token(&rsa, &issuer.with("aud", Value::Null))),
            ("another claim", issuer.token(&rsa, &issuer.with("repository", json!("acme/bank")))),
            ("no claim", issuer.token(&rsa, &issuer.with("repository", Value::Null))),
            ("another issuer", issuer.token(&rsa, &issuer.with("iss", json!(stranger.url)))),
            ("no issuer", issuer.token(&rsa, &issuer.with("iss", Value::Null))),
            ("none", issuer.token(&json!({ "alg": "none" }), &issuer.claims())),
            ("HS256 with the public key", issuer.token(&json!({ "alg": "HS256", "kid": "rsa-1" }), &issuer.claims())),
            ("HS256 with the shared key", issuer.token(&json!({ "alg": "HS256", "kid": "shared" }), &issuer.claims())),
            ("RS512", issuer.token(&header("alg", json!("RS512")), &issuer.claims())),
            ("crit", issuer.token(&header("crit", json!(["exp"])), &issuer.claims())),
            ("an empty crit", issuer.token(&header("crit", json!([])), &issuer.claims())),
            ("an unknown key", issuer.token(&header("kid", json!("rsa-9")), &issuer.claims())),
            ("the key of the other kind", issuer.token(&header("kid", json!("ec-1")), &issuer.claims())),
            (
                "keys elsewhere",
                stranger.token(&json!({ "alg": "ES256", "kid": "ec-1", "jku": ours_elsewhere }), &issuer.claims()),
            ),
            (
                "a key of its own",
                stranger.token(&json!({ "alg": "ES256", "jwk": ec_jwk(&stranger.ec, "ec-1") }), &issuer.claims()),
            ),
            ("a signature of another", stranger.token(&json!({ "alg": "ES256", "kid": "ec-1" }), &issuer.claims())),
            ("changed", format!("{}.{other}.{}", parts[0], parts[2])),
            ("unsigned", format!("{}.{}.", parts[0], parts[1])),
            ("two parts", format!("{}.{}", parts[0], parts[1])),
            ("four parts", format!("{good}.x")),
            ("no JSON", "a.b.c".to_owned()),
        ] {
            assert_eq!(status(&program, &token).await, StatusCode::UNAUTHORIZED, "{what}");
        }
        assert_eq!(stranger.fetched(), 0, "nobody is led elsewhere");
        assert_eq!(status(&program, &good).await, StatusCode::OK);
    });
}

#[test]
fn a_key_that_rotated_is_fetched_and_an_issuer_that_is_away_keeps_nobody_else_out() {
    plain(async || {
        let mut issuer = Issuer::start().await;
        let (_web, program) = web(&issuer).await;
        issuer.change(|documents| documents.away = true);
        assert_eq!(status(&program, "own").await, StatusCode::OK);
        let answer = program.with(Some(&issuer.good())).get("/leases").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        let after: u64 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=5).contains(&after));
        // It is not asked more often than every ten seconds, whoever comes.
        issuer.change(|documents| documents.away = false);
        let token = issuer.good();
        crate::world::eventually("the issuer to be asked again", async || {
            (status(&program, &token).await == StatusCode::OK).then_some(())
        })
        .await;
        assert_eq!(issuer.fetched(), 1);
        issuer.ec = ec_key();
        let rotated = ec_jwk(&issuer.ec, "ec-2");
        issuer.change(|documents| documents.keys = json!({ "keys": [rotated] }));
        let token = issuer.token(&json!({ "alg": "ES256", "kid": "ec-2" }), &issuer.claims());
        crate::world::eventually("the new key", async || {
            (status(&program, &token).await == StatusCode::OK).then_some(())
        })
        .await;
        assert_eq!(issuer.fetched(), 2);
        assert_eq!(status(&program, &issuer.good()).await, StatusCode::UNAUTHORIZED, "the old key is gone");
        // Away again, what was fetched is good for a while.
        issuer.change(|documents| documents.away = true);
        assert_eq!(status(&program, &token).await, StatusCode::OK);
        // A key that nobody knows may be a new one, which it does not tell now.
        let newest = issuer.token(&json!({ "alg": "ES256", "kid": "ec-3" }), &issuer.claims());
        crate::world::eventually("the issuer to be asked in vain", async || {
            (status(&program, &newest).await == StatusCode::SERVICE_UNAVAILABLE).then_some(())
        })
        .await;
        assert_eq!(status(&program, &token).await, StatusCode::OK);
    });
}

#[test]
fn documents_of_another_or_in_the_clear_are_not_believed() {
    plain(async || {
        let stranger = Issuer::start().await;
        for (discovery, what) in [
            (json!({ "issuer": stranger.url, "jwks_uri": format!("{}/keys", stranger.url) }), "of another"),
            (json!({ "jwks_uri": format!("{}/keys", stranger.url) }), "of nobody"),
            (json!({ "jwks_uri": "http://issuer.example/keys" }), "in the clear"),
            (json!({ "jwks_uri": "file:///etc/passwd" }), "no address"),
        ] {
            let issuer = Issuer::start().await;
            let named = json!(issuer.url);
            issuer.change(|documents| {
                documents.discovery = discovery.clone();
                if what == "in the clear" || what == "no address" {
                    documents.discovery["issuer"] = named;
                }
            });
            let (_web, program) = web(&issuer).await;
            assert_eq!(status(&program, &issuer.good()).await, StatusCode::SERVICE_UNAVAILABLE, "{what}");
        }
        assert_eq!(stranger.fetched(), 0);
    });
}
