//! A program that calls services: no cookies, no redirects, the headers it is given.

use std::collections::BTreeMap;

use url::Url;

use super::network::{Network, authority};
use super::outgoing::Outgoing;
use super::raw::RawRequest;
use crate::evidence::{Exchange, Party, Recorder};

/// A program; each request stands for itself.
#[derive(Clone)]
pub struct Client {
    network: Network,
    recorder: Recorder,
    parties: BTreeMap<String, Party>,
}

impl Client {
    /// `services` gives names to base URLs, so that the evidence says who was spoken to.
    pub fn new<'a>(
        network: Network,
        recorder: Recorder,
        services: impl IntoIterator<Item = (&'a Url, &'a str)>,
        idp: Option<&Url>,
    ) -> Self {
        Self { network, recorder, parties: parties(services, idp) }
    }

    /// Sends one GET with these headers.
    pub async fn get(&self, url: &Url, headers: &[(&str, &str)]) -> Exchange {
        let request = Outgoing::get(url.clone());
        self.request(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    /// Sends one request.
    pub async fn request(&self, request: Outgoing) -> Exchange {
        let url = request.url.clone();
        self.raw(&url, request.into_raw()).await
    }

    /// Sends one request byte for byte to the host of `base`.
    pub async fn raw(&self, base: &Url, request: RawRequest) -> Exchange {
        let to = party_at(&self.parties, base);
        self.network.send_raw(base, request, Party::Client, to, &self.recorder).await
    }
}

/// Who is found at which `host:port`.
pub(super) fn parties<'a>(
    services: impl IntoIterator<Item = (&'a Url, &'a str)>,
    idp: Option<&Url>,
) -> BTreeMap<String, Party> {
    let services = services.into_iter().map(|(url, name)| (url, Party::Service(name.to_string())));
    let all = idp.map(|url| (url, Party::Idp)).into_iter().chain(services);
    // Where two share an origin the first service of the file gives it its name, but the IdP goes first.
    let mut parties = BTreeMap::new();
    for (url, party) in all {
        parties.entry(authority(url).unwrap_or_default()).or_insert(party);
    }
    parties
}

/// The party at that URL; an unnamed one goes by its host.
pub(super) fn party_at(parties: &BTreeMap<String, Party>, url: &Url) -> Party {
    let host = authority(url).unwrap_or_else(|| url.to_string());
    parties.get(&host).cloned().unwrap_or(Party::Service(host))
}
