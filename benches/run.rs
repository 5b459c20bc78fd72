//! The whole embedded run, and beside it the same requests sent bare: the harness's own share is the ratio of the two.
//!
//! `cargo bench --bench run`. Limits of the project: 3 s of wall time on two cores, 150 MB of resident memory.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authproof::evidence::{Party, RecordedRequest};
use authproof::lab::Lab;
use authproof::outcome::RunOutcome;
use futures::{StreamExt, stream};
use reference::Defects;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const RUNS: usize = 3;

/// As many scenarios side by side as in a run.
const SIDE_BY_SIDE: usize = 64;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("run   wall      bare      ratio  requests  scenarios");
    for number in 1..=RUNS {
        let started = Instant::now();
        let outcome = authproof::check_reference(Defects::none()).run().await?;
        let wall = started.elapsed();
        if outcome.exit_code() != 0 {
            return Err(format!("the run is not green: exit code {}", outcome.exit_code()).into());
        }
        let (requests, bare) = replay(&outcome).await?;
        let ratio = wall.as_secs_f64() / bare.as_secs_f64();
        println!("{number:3}   {wall:<8.2?}  {bare:<8.2?}  {ratio:5.1}  {requests:8}  {:9}", outcome.scenarios.len());
    }
    println!("resident memory at its highest: {}", peak_memory().as_deref().unwrap_or("not told by this system"));
    Ok(())
}

/// Sends every request of browsers and clients once more, without cookies that fit, judges or records.
async fn replay(outcome: &RunOutcome) -> Result<(usize, Duration), Box<dyn std::error::Error>> {
    let (lab, target) = Lab::embedded(Defects::none()).await?;
    let mut addresses: BTreeMap<Party, String> = BTreeMap::new();
    for service in &target.services {
        let address = service.url.socket_addrs(|| None)?.first().map(ToString::to_string).unwrap_or_default();
        addresses.insert(Party::Service(service.name.clone()), address);
    }
    let idp = lab.idp_url(&target).socket_addrs(|| None)?.first().map(ToString::to_string).unwrap_or_default();
    addresses.insert(Party::Idp, idp);
    let addresses = Arc::new(addresses);
    let scenarios: Vec<Vec<(String, RecordedRequest)>> = outcome
        .scenarios
        .iter()
        .map(|scenario| {
            let sent = scenario.exchanges.iter().filter(|exchange| match exchange.from {
                Party::Browser(_) | Party::Client => true,
                Party::Service(_) | Party::Idp | Party::Downstream(_) => false,
            });
            sent.filter_map(|exchange| Some((addresses.get(&exchange.to)?.clone(), exchange.request.clone()))).collect()
        })
        .collect();
    let requests = scenarios.iter().map(Vec::len).sum();
    let started = Instant::now();
    stream::iter(scenarios)
        .for_each_concurrent(SIDE_BY_SIDE, |requests| async {
            for (address, request) in requests {
                send(&address, &request).await;
            }
        })
        .await;
    let took = started.elapsed();
    lab.stop().await;
    Ok((requests, took))
}

/// One request on a connection of its own, read to the end. What comes back, and whether anything does, is not looked at.
async fn send(address: &str, request: &RecordedRequest) {
    let Ok(mut connection) = TcpStream::connect(address).await else { return };
    let mut text =
        format!("{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n", request.method, request.target);
    for (name, value) in &request.headers {
        if !["host", "connection", "content-length"].contains(&name.to_ascii_lowercase().as_str()) {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    text.push_str(&format!("Content-Length: {}\r\n\r\n{}", request.body.text.len(), request.body.text));
    let mut answer = Vec::new();
    if connection.write_all(text.as_bytes()).await.is_ok() {
        let _ = tokio::time::timeout(Duration::from_secs(5), connection.read_to_end(&mut answer)).await;
    }
}

/// The most memory that this process has had resident (Linux).
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(format!("{} MB", kilobytes / 1024))
}
