//! Input of no use to anybody is refused without a crash.

use crate::raw::{self, request};
use crate::services::Services;

#[tokio::test]
async fn junk_in_the_header_is_refused_and_the_service_goes_on() {
    let services = Services::start(&[]).await;
    let valid = format!("Bearer {}", services.valid_token().await);
    let long = |text: &str, times| format!("Authorization: Bearer {}", text.repeat(times)).into_bytes();
    let headers = [
        long("a", 16 * 1024),
        long("a.", 50_000),
        long("a", 1024 * 1024),
        b"Authorization: Bearer \xff\xfe\xfd".to_vec(),
        b"Authorization: Bearer a\x00b".to_vec(),
        b"Authorization: \"><script>".to_vec(),
        "X-Filler: x\r\n".repeat(5_000).trim_end().as_bytes().to_vec(),
    ];

    for (to, path) in [(services.metadata, "/resources"), (services.search, "/search")] {
        for header in &headers {
            let head = format!("GET {path} HTTP/1.1\r\nHost: service.test\r\nConnection: close\r\n");
            let answer = raw::send(to, &[head.as_bytes(), header, b"\r\n\r\n"].concat()).await;
            assert!((400..500).contains(&answer.status), "{}", answer.head);
            assert!(!answer.head.contains("script") && !answer.body.contains("script"));
        }
        assert_eq!(services.get(to, path, &valid).await.status, 200);
    }
}

#[tokio::test]
async fn odd_targets_are_refused() {
    let services = Services::start(&[]).await;

    for target in
        ["*", "resources", "/%ff%fe", "/resources?%ff=%&access_token", "http://", "/resources?q=%00", "/\u{e9}"]
    {
        for to in [services.metadata, services.search] {
            let answer = raw::send(to, &request("GET", target, &[])).await;
            assert!((400..500).contains(&answer.status), "{target}: {}", answer.head);
        }
    }
}
