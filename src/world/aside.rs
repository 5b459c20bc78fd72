//! What the steps about logins put aside for later ones.

use std::collections::BTreeMap;

use url::Url;

use crate::browser::Browser;
use crate::browser::Jar;
use crate::evidence::Exchange;
use crate::judge::HostStart;
use crate::judge::Live;
use crate::judge::LoginAttempt;
use crate::judge::Replay;
use crate::judge::Route;

/// Empty at the start of a scenario.
#[derive(Default)]
pub(crate) struct Aside {
    /// The place in the provider's record before the last login.
    pub since: u64,
    /// The place in the provider's record before the last logout.
    pub logout_since: Option<u64>,
    /// The callback that the last login opened.
    pub callback: Option<Url>,
    /// Authorization requests of logins that were only started.
    pub requests: Vec<Url>,
    /// The service of the last of them.
    pub started_at: Option<String>,
    /// Callbacks that nobody has opened yet, by person.
    pub pending: BTreeMap<String, Url>,
    pub replay: Option<Replay>,
    pub route: Option<Route>,
    /// A login start with a foreign `Host`, and its service.
    pub host_start: Option<(String, HostStart)>,
    /// The last login of each person at each service.
    pub logins: BTreeMap<(String, String), LoginAttempt>,
    /// Tokens given out in each person's logins.
    pub issued: BTreeMap<String, Vec<String>>,
    /// Answers of a user lookup to a question about somebody else: who asked, at which service.
    pub answers: Vec<(String, String, Exchange)>,
    /// Cookies that were copied, with the services where they were live.
    pub copied: Option<(Jar, Vec<Live>)>,
    /// Cookies that an attacker knows from before a login.
    pub planted: Option<Jar>,
    /// A second browser of somebody, with its live session.
    pub second: Option<(Browser, Live)>,
    /// What "that browser" is, with proof that it was signed in: after tampering there are several.
    pub those: Vec<(Browser, Live)>,
}
