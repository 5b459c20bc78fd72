//! The rows of the feature files for resource servers and health, as data: what is sent, and what must come.

mod bearer;
mod health;

use std::net::SocketAddr;

use mock_idp::ReceivedFilter;

use crate::raw::{self, Answer};
use crate::services::Services;

/// One row of a scenario outline.
pub struct Row {
    pub check: &'static str,
    pub title: String,
    pub to: SocketAddr,
    pub request: Vec<u8>,
    pub expect: Expect,
}

/// What must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    Accepted,
    /// Nothing protected is shown.
    Refused,
    RefusedWithoutCrash,
    /// With a Bearer challenge and this error code.
    Challenged(Option<&'static str>),
    Health,
    /// Neither stored nor with a cookie.
    HealthWithoutTrace,
    /// The provider is not asked.
    HealthAlone,
}

/// All rows, with tokens of their own.
pub async fn all(services: &Services) -> Vec<Row> {
    let mut rows = bearer::rows(services).await;
    rows.extend(bearer::introspection_rows(services).await);
    rows.extend(health::open_rows(services).await);
    rows.extend(health::closed_rows(services));
    rows
}

impl Row {
    /// What was seen, where it is not what must come.
    pub async fn departure(&self, services: &Services) -> Option<String> {
        let mark = services.issuer.mark();
        let answer = raw::send(self.to, &self.request).await;
        let asked = services.issuer.received(&ReceivedFilter { since: Some(mark), ..Default::default() }).len();
        let holds = match self.expect {
            Expect::Accepted => answer.is_success(),
            Expect::Refused => !answer.is_success(),
            Expect::RefusedWithoutCrash => (400..500).contains(&answer.status),
            Expect::Challenged(error) => answer.status == 401 && challenge_error(&answer) == Some(error),
            Expect::Health => is_health(&answer),
            Expect::HealthWithoutTrace => {
                is_health(&answer)
                    && answer.header("set-cookie").is_none()
                    && answer.header("cache-control") == Some("no-store")
            }
            Expect::HealthAlone => is_health(&answer) && asked == 0,
        };
        (!holds).then(|| format!("{} {}: {:?}, but {answer:?}", self.check, self.title, self.expect))
    }
}

fn is_health(answer: &Answer) -> bool {
    answer.status == 200 && !answer.body.contains("owner")
}

/// The error code of a Bearer challenge; `None` where there is no challenge.
fn challenge_error(answer: &Answer) -> Option<Option<&str>> {
    let challenge = answer.header("www-authenticate")?.strip_prefix("Bearer ")?;
    Some(challenge.split_once("error=\"").and_then(|(_, rest)| rest.split('"').next()))
}
