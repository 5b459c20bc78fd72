//! Plants a secret in every field of an exchange and looks for it in what is stored.

use std::time::Duration;

use authproof::evidence::{Exchange, Headers, Party, Recorder, Redactor, Request, Response, TransportFailure};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine};
use time::OffsetDateTime;

const SECRET: &str = "s3cr&t/Wärd+=~*\"x";
const CODE: &str = "Canary0123456789abcdefCODE";
const HEADER: &str = "eyJhbGciOiJSUzI1NiJ9";
const CLAIMS: &str = "eyJzdWIiOiJhbGljZSJ9";
const SIGNATURE: &str = "CanarySignature0123456789";

fn exchange(target: &str, headers: &[(&str, &str)], body: &str) -> Exchange {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    Exchange {
        from: Party::Client,
        to: Party::Idp,
        at: OffsetDateTime::UNIX_EPOCH,
        took: Duration::from_millis(1),
        request: Request {
            method: "POST".into(),
            url: "https://idp.test/".parse().unwrap(),
            target: target.into(),
            headers: Headers(headers.clone()),
            body: body.as_bytes().to_vec(),
        },
        response: Ok(Response {
            status: 200,
            headers: Headers(headers),
            body: body.as_bytes().to_vec(),
            body_cut: false,
        }),
    }
}

fn stored(recorder: &Recorder) -> String {
    serde_json::to_string(&recorder.exchanges()).unwrap() + &recorder.notes().join("\n")
}

fn record(redactor: Redactor, exchange: &Exchange) -> String {
    let recorder = Recorder::new(redactor);
    recorder.record(exchange);
    stored(&recorder)
}

/// The places where a value can stand: target, header, body.
fn everywhere(text: &str) -> Vec<Exchange> {
    vec![
        exchange(text, &[], ""),
        exchange("/", &[("X-Any", text)], ""),
        exchange("/", &[("Location", text)], ""),
        exchange("/", &[("Authorization", text)], ""),
        exchange("/", &[], text),
    ]
}

#[test]
fn a_client_secret_is_hidden_in_every_spelling_and_place() {
    let form: String = url::form_urlencoded::byte_serialize(SECRET.as_bytes()).collect();
    let spellings = [
        SECRET.to_string(),
        form.clone(),
        form.replace('+', "%20").replace("%7E", "~").replace('*', "%2A"),
        serde_json::Value::from(SECRET).to_string().trim_matches('"').to_string(),
        BASE64_STANDARD.encode(format!("app:{SECRET}")),
        BASE64_URL_SAFE_NO_PAD.encode(format!("app:{form}")),
    ];
    for idp_is_mock in [true, false] {
        for spelling in &spellings {
            for exchange in everywhere(&format!("x {spelling} y")) {
                let text = record(Redactor::new([SECRET], idp_is_mock), &exchange);

                let shown = serde_json::Value::from(spelling.as_str()).to_string();
                assert!(!text.contains(shown.trim_matches('"')), "{spelling}: {text}");
                assert!(text.contains(" chars #"), "{text}");
            }
        }
    }
}

#[test]
fn a_secret_is_hidden_in_failures_notes_and_steps() {
    let recorder = Recorder::new(Redactor::new(["CanarySecret"], true));
    let mut failed = exchange("/", &[], "");
    failed.response = Err(TransportFailure::Broken { reason: "CanarySecret".into() });

    recorder.step(Some("I send CanarySecret".into()));
    recorder.note("sent CanarySecret");
    recorder.record(&failed);

    assert!(!stored(&recorder).contains("CanarySecret"), "{}", stored(&recorder));
    assert!(!recorder.redacted("CanarySecret").contains("Canary"));
}

#[test]
fn a_short_secret_does_not_eat_other_words() {
    let text = record(Redactor::new(["secret"], true), &exchange("/", &[], "client_secret_basic secret"));

    assert!(text.contains("client_secret_basic ‹6 chars #"), "{text}");
}

#[test]
fn credentials_are_hidden_with_any_idp() {
    for idp_is_mock in [true, false] {
        for name in ["code", "client_secret", "client_assertion", "password", "code_verifier"] {
            let places = [
                exchange(&format!("/cb?state=s&{name}={CODE}&x=1"), &[], ""),
                exchange("/", &[("Location", &format!("https://app.test/cb?{name}={CODE}"))], ""),
                exchange("/", &[("Referer", &format!("https://app.test/cb?{name}={CODE}#f"))], ""),
                exchange("/", &[], &format!("grant_type=x&{name}={CODE}")),
                exchange("/", &[], &format!("<input name='{name}' value='{CODE}'>")),
                exchange(&format!("/cb?{name}={CODE}"), &[], &format!("you sent {CODE}, {{\"code\":\"{CODE}\"}}")),
            ];
            for exchange in places {
                let text = record(Redactor::new(Vec::<String>::new(), idp_is_mock), &exchange);

                assert!(!text.contains(CODE), "{name}: {text}");
                assert!(text.contains("‹26 chars #"), "{text}");
            }
        }
    }
}

#[test]
fn cookies_keep_names_and_attributes_and_show_which_are_equal() {
    let headers = [
        ("Cookie", "a=CanaryCanary1234; b=CanaryOther; c="),
        ("Set-Cookie", "a=CanaryCanary1234; Path=/; HttpOnly; SameSite=Lax"),
    ];
    let text = record(Redactor::new(Vec::<String>::new(), true), &exchange("/", &headers, ""));

    assert!(!text.contains("Canary"), "{text}");
    let recorded: serde_json::Value = serde_json::from_str(&text).unwrap();
    let value = |at: usize| recorded[0]["request"]["headers"][at][1].as_str().unwrap().to_string();
    let (sent, set) = (value(0), value(1));
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{set}");
    assert_eq!(set.split(';').next(), sent.split(';').next(), "equal values have equal masks");
    assert!(sent.ends_with("; c="), "{sent}");
}

#[test]
fn basic_credentials_and_odd_schemes_are_hidden() {
    for value in ["Basic Q2FuYXJ5OkNhbmFyeQ==", "basic  Canary", "Digest username=Canary", "Canary"] {
        let text = record(Redactor::new(Vec::<String>::new(), true), &exchange("/", &[("authorization", value)], ""));

        assert!(!text.contains("Canary") && !text.contains("Q2FuYX"), "{text}");
    }
}

#[test]
fn tokens_of_the_mock_stay_readable() {
    let jwt = format!("{HEADER}.{CLAIMS}.{SIGNATURE}");
    let body = format!(r#"{{"access_token": "{jwt}", "refresh_token": "opaque-refresh-1234"}}"#);
    let text = record(
        Redactor::new(Vec::<String>::new(), true),
        &exchange("/", &[("Authorization", &format!("Bearer {jwt}"))], &body),
    );

    assert_eq!(text.matches(&jwt).count(), 4);
    assert!(text.contains("opaque-refresh-1234"));
}

#[test]
fn tokens_of_a_real_idp_lose_what_makes_them_usable() {
    let jwt = format!("{HEADER}.{CLAIMS}.{SIGNATURE}");
    let opaque = "CanaryOpaque0123456789";
    let headers = [
        ("Authorization", format!("Bearer {opaque}")),
        ("X-Auth-Request-Access-Token", opaque.to_string()),
        ("Location", format!("/#id_token={jwt}&access_token={opaque}")),
        ("X-Any", jwt.clone()),
    ];
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let bodies = [
        format!(r#"{{"access_token":"{opaque}","refresh_token":"{opaque}2","id_token":"{jwt}"}}"#),
        format!("refresh_token={opaque}&id_token_hint={jwt}&token={opaque}"),
        format!("<p>{jwt}</p><input name=id_token value={jwt}> {opaque}"),
        format!("Bearer {{\\\"access_token\\\": \\\"{opaque}\\\"}}"),
    ];
    for body in bodies {
        let text = record(Redactor::new(Vec::<String>::new(), false), &exchange("/", &headers, &body));

        assert!(!text.contains("CanaryOpaque") && !text.contains("CanarySignature"), "{text}");
        assert!(text.contains(CLAIMS), "the readable part stays: {text}");
    }
}

#[test]
fn a_value_once_seen_as_secret_is_hidden_later_too() {
    let recorder = Recorder::new(Redactor::new(Vec::<String>::new(), true));
    recorder.record(&exchange(&format!("/cb?code={CODE}"), &[], ""));
    recorder.record(&exchange("/", &[], &format!("unknown grant {CODE}")));
    recorder.note(format!("the code was {CODE}"));

    assert!(!stored(&recorder).contains(CODE), "{}", stored(&recorder));
}

#[test]
fn a_long_body_is_cut_after_redaction() {
    let body = format!("{}code={CODE}", "ä".repeat(32 * 1024 - 5));
    let text = record(Redactor::new(Vec::<String>::new(), true), &exchange("/", &[], &body));

    assert!(!text.contains("Canary"));
    let recorded: serde_json::Value = serde_json::from_str(&text).unwrap();
    let kept = &recorded[0]["response"]["Ok"]["body"];
    assert!(kept["text"].as_str().unwrap().len() <= 64 * 1024);
    assert_eq!(kept["bytes"], body.len());
}

#[test]
fn a_secret_at_the_end_of_what_is_searched_does_not_show_in_half() {
    // All that stands before it is masked to a few bytes, so the end of the searched part would be shown.
    let padding = format!("password={}\n", "p".repeat(128 * 1024 - 16));
    let body = format!("{padding}CanarySecret, and on it goes");
    let text = record(Redactor::new(["CanarySecret"], true), &exchange("/", &[], &body));

    assert!(!text.contains("Canary"), "{}", text.chars().take(2000).collect::<String>());
}

#[test]
fn exchanges_are_numbered_by_time() {
    let recorder = Recorder::new(Redactor::new(Vec::<String>::new(), true));
    let mut late = exchange("/late", &[], "");
    late.at += Duration::from_secs(1);
    recorder.step(Some("a step".into()));
    recorder.record(&late);
    recorder.record(&exchange("/early", &[], ""));

    let told: Vec<(u32, String)> = recorder.exchanges().into_iter().map(|e| (e.number, e.request.target)).collect();
    assert_eq!(told, [(1, "/early".to_string()), (2, "/late".to_string())]);
    assert_eq!(recorder.exchanges()[0].step.as_deref(), Some("a step"));
}
