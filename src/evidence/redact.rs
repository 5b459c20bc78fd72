//! From a live exchange to the one that may be stored. The only place that redacts.

use std::collections::BTreeSet;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::mask::{Span, mask_spans};
use super::record::{RecordedBody, RecordedExchange, RecordedRequest, RecordedResponse};
use super::sensitive::{find_in_header, find_in_text};
use super::{Exchange, Headers, Request};

const KEPT_BODY_BYTES: usize = 64 * 1024;
/// What is searched of a body that is shown, and of it what is dropped where the body goes on: half a secret at the
/// cut would not be recognised.
const SEARCHED_BODY_BYTES: usize = 128 * 1024;
const UNSURE_BODY_BYTES: usize = 16 * 1024;
/// What is searched of a body for values to be hidden elsewhere.
const LEARNED_BODY_BYTES: usize = 1024 * 1024;
/// Secrets shorter than this are hidden as whole words only: `secret` must not eat half of `client_secret_basic`.
const SHORT_SECRET: usize = 8;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// Decides what of an exchange may be shown.
#[derive(Clone)]
pub struct Redactor {
    /// The known secrets in every spelling they may have.
    known: Vec<Needle>,
    /// Tokens outlive the run, so they are hidden.
    hide_tokens: bool,
}

#[derive(Clone)]
struct Needle {
    spelled: String,
    value: String,
}

/// More than an honest scenario meets; keeps a service that sets thousands of cookies from slowing the run.
const MOST_LEARNED: usize = 512;

/// Values met at a sensitive place; hidden wherever they turn up again.
#[derive(Default)]
pub(super) struct Learned(BTreeSet<(String, String)>);

impl Redactor {
    /// Hides `secrets` everywhere. With our own IdP tokens stay readable: their keys die with the run.
    pub fn new<S: Into<String>>(secrets: impl IntoIterator<Item = S>, idp_is_mock: bool) -> Self {
        let secrets: BTreeSet<String> = secrets.into_iter().map(Into::into).collect();
        let mut known = Vec::new();
        for value in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            known.extend(spellings(&value).into_iter().map(|spelled| Needle { spelled, value: value.clone() }));
        }
        Self { known, hide_tokens: !idp_is_mock }
    }

    /// A text of ours, such as a note, without anything that must not be shown.
    pub fn text(&self, text: &str) -> String {
        self.masked(text, find_in_text(text, self.hide_tokens), &Learned::default())
    }

    pub(super) fn learned_text(&self, text: &str, learned: &Learned) -> String {
        self.masked(text, find_in_text(text, self.hide_tokens), learned)
    }

    /// The storable copy of `live`; what it gives away about secret values is added to `learned`.
    pub(super) fn exchange(&self, live: &Exchange, learned: &mut Learned, step: Option<String>) -> RecordedExchange {
        self.learn(live, learned);
        RecordedExchange {
            number: 0,
            from: live.from.clone(),
            to: live.to.clone(),
            step,
            at: live.at,
            took_ms: u64::try_from(live.took.as_millis()).unwrap_or(u64::MAX),
            request: self.request(&live.request, learned),
            response: match &live.response {
                Ok(response) => Ok(RecordedResponse {
                    status: response.status,
                    headers: self.headers(&response.headers, learned),
                    body: self.body(&response.body, learned),
                }),
                Err(failure) => Err(self.learned_text(&failure.to_string(), learned)),
            },
        }
    }

    fn request(&self, request: &Request, learned: &Learned) -> RecordedRequest {
        RecordedRequest {
            method: self.learned_text(&request.method, learned),
            origin: request.url.origin().ascii_serialization(),
            target: self.learned_text(&request.target, learned),
            headers: self.headers(&request.headers, learned),
            body: self.body(&request.body, learned),
        }
    }

    fn headers(&self, headers: &Headers, learned: &Learned) -> Vec<(String, String)> {
        let lines = headers.0.iter().map(|(name, value)| (name, String::from_utf8_lossy(value)));
        lines
            .map(|(name, value)| {
                let spans = find_in_header(name, &value, self.hide_tokens);
                (self.learned_text(name, learned), self.masked(&value, spans, learned))
            })
            .collect()
    }

    fn body(&self, body: &[u8], learned: &Learned) -> RecordedBody {
        let searched = &body[..body.len().min(SEARCHED_BODY_BYTES)];
        let mut text = self.learned_text(&String::from_utf8_lossy(searched), learned);
        let unsure = if searched.len() < body.len() { UNSURE_BODY_BYTES } else { 0 };
        let most = text.len().saturating_sub(unsure).min(KEPT_BODY_BYTES);
        let end = (0..=most).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        RecordedBody { text, bytes: body.len() as u64 }
    }

    fn learn(&self, live: &Exchange, learned: &mut Learned) {
        let request = &live.request;
        learned.add(&request.target, find_in_text(&request.target, self.hide_tokens));
        let response = live.response.as_ref().ok();
        for headers in [Some(&request.headers), response.map(|response| &response.headers)].into_iter().flatten() {
            for (name, value) in &headers.0 {
                let value = String::from_utf8_lossy(value);
                learned.add(&value, find_in_header(name, &value, self.hide_tokens));
            }
        }
        for body in [Some(&request.body), response.map(|response| &response.body)].into_iter().flatten() {
            let body = String::from_utf8_lossy(&body[..body.len().min(LEARNED_BODY_BYTES)]);
            learned.add(&body, find_in_text(&body, self.hide_tokens));
        }
    }

    fn masked(&self, text: &str, mut spans: Vec<Span>, learned: &Learned) -> String {
        for (spelled, value) in &learned.0 {
            spans.extend(found(text, spelled, value, false));
        }
        for needle in &self.known {
            spans.extend(found(text, &needle.spelled, &needle.value, needle.value.len() < SHORT_SECRET));
        }
        if !self.known.is_empty() {
            spans.extend(self.encoded_secrets(text));
        }
        mask_spans(text, spans)
    }

    /// Base64 runs with a known secret in them, such as the credentials of HTTP Basic.
    fn encoded_secrets(&self, text: &str) -> Vec<Span> {
        let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
        let bytes = text.as_bytes();
        let mut spans = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let end = at + bytes[at..].iter().take_while(|byte| is_base64(**byte)).count();
            if end - at >= 6 {
                let mut run = text[at..end].replace('-', "+").replace('_', "/");
                if run.len() % 4 == 1 {
                    run.pop();
                }
                let decoded = STANDARD.decode(&run).unwrap_or_default();
                let contains = |needle: &Needle| {
                    decoded.windows(needle.spelled.len()).any(|window| window == needle.spelled.as_bytes())
                };
                if self.known.iter().any(contains) {
                    spans.push(Span { range: at..end, value: text[at..end].to_string(), learn: false });
                }
            }
            at = end + 1;
        }
        spans
    }
}

impl Learned {
    fn add(&mut self, text: &str, spans: Vec<Span>) {
        for span in spans.into_iter().filter(|span| span.learn) {
            if self.0.len() >= MOST_LEARNED {
                return;
            }
            let raw = text[span.range].to_string();
            self.0.insert((span.value.clone(), span.value.clone()));
            self.0.insert((raw, span.value));
        }
    }
}

fn found(text: &str, spelled: &str, value: &str, whole_words: bool) -> Vec<Span> {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    let hits = text.match_indices(spelled).map(|(at, hit)| at..at + hit.len());
    let hits = hits
        .filter(|hit| !whole_words || !(text[..hit.start].ends_with(in_word) || text[hit.end..].starts_with(in_word)));
    hits.map(|range| Span { range, value: value.to_string(), learn: false }).collect()
}

fn spellings(secret: &str) -> BTreeSet<String> {
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let json = serde_json::Value::from(secret).to_string();
    let lower_hex = |text: &str| {
        let mut parts = text.split('%');
        let first = parts.next().unwrap_or_default().to_string();
        parts.fold(first, |text, part| {
            let (hex, rest) = part.split_at_checked(2).unwrap_or((part, ""));
            format!("{text}%{}{rest}", hex.to_ascii_lowercase())
        })
    };
    BTreeSet::from([
        secret.to_string(),
        form.replace('+', "%20"),
        // RFC 3986 leaves `~` alone and encodes `*`; forms do the opposite.
        form.replace('+', "%20").replace("%7E", "~").replace('*', "%2A"),
        lower_hex(&form),
        form,
        json[1..json.len() - 1].to_string(),
    ])
}
