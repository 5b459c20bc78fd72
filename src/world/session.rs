//! Sessions: the cookies that carry one, copies of them, changed ones, and their end.

use super::Stage;
use super::callback::broke_off;
use super::callback::with_return_target;
use super::login::ask;
use super::login::probe;
use crate::browser::Browser;
use crate::browser::Cookie;
use crate::browser::Jar;
use crate::browser::Outgoing;
use crate::browser::Trail;
use crate::evidence::Exchange;
use crate::judge::Access;
use crate::judge::Live;
use crate::judge::Route;
use crate::judge::describe;
use crate::judge::live;
use crate::target::Service;

impl Stage {
    /// The cookies without any one of which nobody is signed in.
    ///
    /// # Errors
    /// A request was not answered, so it cannot be told.
    pub async fn bearing_cookies(&mut self, person: &str, service: &str) -> Result<Vec<Cookie>, String> {
        let service = self.service(service)?;
        let browser = self.person(person)?.browser.clone();
        let mut bearing = Vec::new();
        for cookie in browser.jar().cookies(&service.url) {
            let mut without = browser.clone();
            without.jar_mut().forget(&cookie.name);
            match probe(&mut without, &service).await {
                Access::Nobody { .. } => bearing.push(cookie.clone()),
                Access::As(_) | Access::Somebody => {}
                Access::Unclear { reason } => return self.undecided(Err(reason)),
            }
        }
        Ok(bearing)
    }

    /// Every cookie that `service` has given to `person`.
    ///
    /// # Errors
    /// The scenario names somebody or something that does not exist.
    pub fn cookies_of(&mut self, person: &str, service: &str) -> Result<Vec<Cookie>, String> {
        let service = self.service(service)?;
        Ok(self.person(person)?.browser.jar().cookies(&service.url).cloned().collect())
    }

    /// Copies the cookies of `person`, with proof of the services where they are signed in.
    ///
    /// # Errors
    /// They are signed in nowhere.
    pub async fn copy_cookies(&mut self, person: &str) -> Result<(), String> {
        let jar = self.person(person)?.browser.jar().snapshot();
        let mut proofs = Vec::new();
        for service in self.controls.keys().cloned().collect::<Vec<_>>() {
            proofs.push(self.prove_live(person, &service, "the copied cookies").await?);
        }
        if proofs.is_empty() {
            return self.undecided(Err(format!("{person} is signed in nowhere, so there is nothing to copy")));
        }
        self.aside.copied = Some((jar, proofs));
        Ok(())
    }

    /// Who the copied cookies sign in at `service` now, and the proof that they once did.
    ///
    /// # Errors
    /// There are none, or a login since has failed.
    pub async fn probe_copied(&mut self, service: &str) -> Result<(Live, Access), String> {
        let (jar, proofs) = match &self.aside.copied {
            Some((jar, proofs)) => (jar.clone(), proofs.clone()),
            None => return self.undecided(Err("no step before this one has copied cookies".into())),
        };
        let proof = proofs.into_iter().find(|proof| proof.service() == service);
        let proof =
            proof.ok_or_else(|| format!("no step has shown that the copied cookies were signed in to {service}"));
        let proof = self.undecided(proof)?;
        if !self.last_attempt()?.is_signed_in() {
            let ended = self.last_attempt()?.ended.clone();
            return self.undecided(Err(format!("the login after the copy did not work: {ended}")));
        }
        let access = self.access_with(jar, service).await?;
        Ok((proof, access))
    }

    /// Changes the session's cookies, one at a time, each in a browser of its own.
    ///
    /// # Errors
    /// No cookie carries the session, or the words are not understood.
    pub async fn tamper(&mut self, person: &str, service: &str, words: &str) -> Result<(), String> {
        let proof = self.prove_live(person, service, "the cookies with one change").await?;
        let bearing = self.bearing_cookies(person, service).await?;
        if bearing.is_empty() {
            return self.undecided(Err("no cookie was found that carries the session".into()));
        }
        let url = self.service(service)?.url;
        let browser = self.person(person)?.browser.clone();
        self.aside.those.clear();
        for cookie in bearing {
            let changed = self.undecided(tampered(&cookie.value, words))?;
            let mut jar = browser.jar().snapshot();
            let attributes = cookie.raw.split_once(';').map_or("", |(_, attributes)| attributes);
            let line = format!("{}={changed};{attributes}; Path={}", cookie.name, cookie.path);
            self.undecided(
                jar.set(&url, &line).map_err(|refusal| format!("the changed cookie was not kept: {refusal}")),
            )?;
            self.aside.those.push((browser.with_jar(jar), proof.clone()));
        }
        Ok(())
    }

    /// Who "that browser" is signed in as at `service` now: the first that is, or nobody.
    ///
    /// # Errors
    /// No step has made one.
    pub async fn probe_those(&mut self, service: &str) -> Result<(Live, Access), String> {
        let service = self.service(service)?;
        let mut found = None;
        for (mut browser, proof) in self.aside.those.clone() {
            let (access, probed) = ask(&mut browser, &service).await;
            self.seen.extend(probed);
            let open = !matches!(access, Access::Nobody { .. });
            if open || found.is_none() {
                found = Some((proof, access));
            }
            if open {
                break;
            }
        }
        self.undecided(found.ok_or_else(|| "no step before this one has made `that browser`".into()))
    }

    /// Logs `person` out in their browser, up to where a new login would start; a return target may be given.
    ///
    /// # Errors
    /// The person is not signed in, or the service has no logout.
    pub async fn log_out(&mut self, person: &str, service: &str, target: Option<&str>) -> Result<(), String> {
        let proof = self.prove_live(person, service, &format!("{person}'s cookies")).await?;
        let service = self.service(service)?;
        let path = self.undecided(service.logout.clone().ok_or_else(|| format!("{} has no logout", service.name)))?;
        let plain = service.path_url(&path);
        let url = match target {
            Some(words) => with_return_target(&plain, &self.return_target(&service, words)),
            None => plain,
        };
        self.aside.logout_since = Some(self.lab.idp_mark());
        let mut browser = self.person(person)?.browser.clone();
        let mut trail = self.until_login(&mut browser, &service, Outgoing::get(url.clone())).await;
        if trail.last().and_then(Exchange::status) == Some(405) {
            trail = self.until_login(&mut browser, &service, Outgoing::post(url)).await;
        }
        self.person(person)?.browser = browser.clone();
        let ended = trail.last().map_or_else(|| "nothing was sent".into(), describe);
        let first = trail.exchanges.first().and_then(Exchange::status);
        let done = match first {
            Some(200..=399) if !broke_off(&trail.end) => Ok(()),
            // To refuse such a logout is an answer to a return target; without one it is no logout.
            Some(400..=499) if target.is_some() => Ok(()),
            Some(_) | None => Err(format!("the logout did not work: {ended}")),
        };
        self.seen.extend(trail.exchanges.iter().cloned());
        if target.is_none() {
            self.undecided(done.clone())?;
        }
        self.aside.those = vec![(browser, proof)];
        self.aside.route = Some(Route { what: "the logout".into(), exchanges: trail.exchanges, end: trail.end, done });
        Ok(())
    }

    /// The provider signs everybody in again at once, so a logout is followed only as far as the next login.
    async fn until_login(&self, browser: &mut Browser, service: &Service, first: Outgoing) -> Trail {
        browser.navigate_with_until(first, |url| self.is_authorization(service, url)).await
    }

    /// Logs `person` in with a second browser, which is kept beside the first.
    ///
    /// # Errors
    /// The login did not work.
    pub async fn sign_in_second_browser(&mut self, person: &str, service: &str) -> Result<(), String> {
        let first = self.person(person)?.browser.clone();
        self.prove_login(person, service).await?;
        let proof = self.prove_live(person, service, &format!("the cookies of {person}'s second browser")).await?;
        let second = std::mem::replace(&mut self.person(person)?.browser, first);
        self.aside.second = Some((second, proof));
        // A service may know one session for a person; then the first browser has nothing to log out of.
        self.prove_live(person, service, &format!("the cookies of {person}'s first browser")).await.map(drop)
    }

    /// What the first and the second browser of `person` get now, with proof that the second was signed in.
    ///
    /// # Errors
    /// There is no second browser.
    pub async fn probe_second(&mut self, person: &str, service: &str) -> Result<(Live, Access, Access), String> {
        let second = self.aside.second.clone().ok_or_else(|| format!("{person} has no second browser"));
        let (mut second, proof) = self.undecided(second)?;
        let service = self.service(service)?;
        let first = probe(&mut self.person(person)?.browser, &service).await;
        let access = probe(&mut second, &service).await;
        Ok((proof, first, access))
    }

    /// Logs `person` in with cookies that were in the browser before and that somebody else knows.
    ///
    /// # Errors
    /// There is no cookie to begin with, nor one to plant.
    pub async fn log_in_with_known_cookies(&mut self, person: &str, service: &str) -> Result<(), String> {
        let bearing = self.bearing_cookies(person, service).await?;
        let of_service = self.service(service)?;
        let mut attacker = self.fresh_browser("mallory")?.clone();
        self.authorization_request(&mut attacker, &of_service).await?;
        let mut jar = attacker.jar().snapshot();
        // A service that would take any session it is told starts one under a name that somebody made up.
        for cookie in bearing {
            if jar.find(&of_service.url, &cookie.name).is_none() {
                let line = format!("{}={:032x}; Path=/", cookie.name, rand::random::<u128>());
                self.undecided(jar.set(&of_service.url, &line).map_err(|refusal| refusal.to_string()))?;
            }
        }
        if jar.cookies(&of_service.url).next().is_none() {
            return self.undecided(Err("no cookie was found that carries the session, so none can be planted".into()));
        }
        self.fresh_browser(person)?.jar_mut().restore(jar.clone());
        self.aside.planted = Some(jar);
        self.log_in(person, service, None).await.map(drop)
    }

    /// Who the cookies that the attacker knows sign in.
    ///
    /// # Errors
    /// No step has planted any.
    pub async fn probe_planted(&mut self, service: &str) -> Result<Access, String> {
        let none = "no step before this one has logged anybody in with known cookies";
        let jar = self.undecided(self.aside.planted.clone().ok_or_else(|| none.into()))?;
        self.access_with(jar, service).await
    }

    /// Proof that the browser of `person` is signed in.
    async fn prove_live(&mut self, person: &str, service: &str, what: &str) -> Result<Live, String> {
        let of_service = self.service(service)?;
        let owner = self.person(person)?.identity();
        let (access, probed) = ask(&mut self.person(person)?.browser, &of_service).await;
        self.seen.extend(probed);
        self.undecided(live(what, service, &owner, &access))
    }

    /// Who a browser with these cookies is signed in as.
    async fn access_with(&mut self, jar: Jar, service: &str) -> Result<Access, String> {
        let service = self.service(service)?;
        let mut browser = self.person("mallory")?.browser.with_jar(jar);
        let (access, probed) = ask(&mut browser, &service).await;
        self.seen.extend(probed);
        Ok(access)
    }
}

/// `value` with what `words` say: `changed in the middle`.
fn tampered(value: &str, words: &str) -> Result<String, String> {
    let characters: Vec<char> = value.chars().collect();
    // Padding and quotes stand around the value; to change them may change nothing.
    let inner: Vec<usize> = (0..characters.len()).filter(|at| !"=\"".contains(characters[*at])).collect();
    let changed = |at: Option<&usize>| match at {
        Some(at) => {
            let mut changed = characters.clone();
            changed[*at] = another(changed[*at]);
            Ok(changed.into_iter().collect())
        }
        None => Err("the session cookie is empty".to_owned()),
    };
    match words {
        "changed in its first character" => changed(inner.first()),
        "changed in the middle" => changed(inner.get(inner.len() / 2)),
        "changed in its last character" => changed(inner.last()),
        "cut in half" => Ok(characters[..characters.len() / 2].iter().collect()),
        "emptied" => Ok(String::new()),
        other => Err(format!("the tampering `{other}` is not understood")),
    }
}

/// Another character, whose first bit in base64 is another one: the last bits of a base64 text may mean nothing.
fn another(c: char) -> char {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    match ALPHABET.iter().position(|byte| char::from(*byte) == c) {
        Some(value) => char::from(ALPHABET[value ^ 32]),
        None => 'A',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tampering_changes_the_value() {
        for words in [
            "changed in its first character",
            "changed in the middle",
            "changed in its last character",
            "cut in half",
            "emptied",
        ] {
            assert_ne!(tampered("\"YWJjZA==\"", words).as_deref(), Ok("\"YWJjZA==\""), "{words}");
        }
        assert!(tampered("abc", "painted").is_err());
        assert!(tampered("", "changed in the middle").is_err());
    }

    #[test]
    fn the_last_character_changes_in_a_bit_that_counts() {
        // `QQ` and `QR` are both the one byte `A`; a change from one to the other would be none.
        assert_eq!(tampered("QQ==", "changed in its last character").as_deref(), Ok("Qw=="));
    }
}
