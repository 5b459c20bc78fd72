//! How long a start takes until discovery answers, beside a bare axum server in the same run: `cargo bench -p mock-idp`.

use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use mock_idp::{IssuerSettings, MockIdp};
use tokio::net::TcpListener;

const RUNS: usize = 21;
const PATH: &str = ".well-known/openid-configuration";

#[tokio::main]
async fn main() {
    let http = reqwest::Client::builder().no_proxy().build().expect("the defaults are valid");
    let (mut mock, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        mock.push(start_mock(&http).await);
        bare.push(start_bare(&http).await);
    }
    // The first start of a process also begins to make the keys that later ones share.
    println!("first start  mock-idp {:>9.2?}   bare axum {:>9.2?}", mock[0], bare[0]);
    println!(
        "median       mock-idp {:>9.2?}   bare axum {:>9.2?}   of {RUNS} starts",
        median(&mut mock),
        median(&mut bare)
    );
    println!("slowest      mock-idp {:>9.2?}   bare axum {:>9.2?}", mock[RUNS - 1], bare[RUNS - 1]);
}

async fn start_mock(http: &reqwest::Client) -> Duration {
    let before = Instant::now();
    let idp = MockIdp::builder().issuer(IssuerSettings::at_path("")).start().await.expect("a free port");
    answer(http, &format!("{}{PATH}", idp.base_url())).await;
    let took = before.elapsed();
    idp.stop().await;
    took
}

async fn start_bare(http: &reqwest::Client) -> Duration {
    let before = Instant::now();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let app = Router::new().route(&format!("/{PATH}"), get(async || "{}"));
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    answer(http, &format!("http://{address}/{PATH}")).await;
    let took = before.elapsed();
    server.abort();
    took
}

async fn answer(http: &reqwest::Client, url: &str) {
    let response = http.get(url).send().await.expect("it serves");
    assert_eq!(response.status(), 200);
    response.bytes().await.expect("the body is whole");
}

/// Sorts the times.
fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}
