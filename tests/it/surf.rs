//! A browser follows redirects, keeps cookies and submits forms as a person's does.

use authproof::browser::{Browser, End, Outgoing, find_forms};
use authproof::evidence::Recorder;
use url::Url;

use crate::server::{Server, network, page, recorder, redirect};

fn browser(servers: &[&Server], recorder: &Recorder) -> Browser {
    let idp = &servers.last().unwrap().url;
    let cookies = vec![("authproof_scenario".to_string(), "s1".to_string())];
    let named = servers.iter().map(|server| (&server.url, "service"));
    Browser::new(network(servers), recorder.clone(), "alice", named, idp, cookies)
}

fn lines(server: &Server) -> Vec<String> {
    let first = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_string();
    server.received().iter().map(first).collect()
}

fn path(request: &str) -> &str {
    request.split(' ').nth(1).unwrap_or_default()
}

async fn nowhere() -> Server {
    Server::answering(|_| page("idp")).await
}

#[tokio::test]
async fn every_redirect_is_an_exchange() {
    let app = Server::answering(|request| match path(request) {
        "/a" => redirect(302, "/b?x=1"),
        "/b?x=1" => redirect(307, "c#frag"),
        _ => page("arrived"),
    })
    .await;
    let recorder = recorder();
    let mut browser = browser(&[&app, &nowhere().await], &recorder);

    let trail = browser.navigate(&app.url.join("/a").unwrap()).await;

    assert_eq!(trail.end, End::Page);
    assert_eq!(trail.page().unwrap().body_text(), "arrived");
    assert_eq!(lines(&app), ["GET /a HTTP/1.1", "GET /b?x=1 HTTP/1.1", "GET /c HTTP/1.1"]);
    assert_eq!(recorder.exchanges().len(), 3);
}

#[tokio::test]
async fn methods_change_over_redirects_as_in_browsers() {
    for (status, after) in [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")] {
        let app = Server::answering(move |request| match path(request) {
            "/a" => redirect(status, "/b"),
            _ => page("arrived"),
        })
        .await;
        let mut browser = browser(&[&app, &nowhere().await], &recorder());

        browser.navigate_with(Outgoing::post(app.url.join("/a").unwrap()).form([("k", "v")])).await;

        let second = String::from_utf8(app.received()[1].clone()).unwrap();
        assert!(second.starts_with(after), "{status}: {second}");
        assert_eq!(second.ends_with("k=v"), after == "POST", "{status}: {second}");
    }
}

#[tokio::test]
async fn a_redirect_loop_ends() {
    let app = Server::answering(|request| match path(request) {
        "/a" => redirect(302, "/b"),
        _ => redirect(302, "/a"),
    })
    .await;
    let mut browser = browser(&[&app, &nowhere().await], &recorder());

    let trail = browser.navigate(&app.url.join("/a").unwrap()).await;

    assert_eq!(trail.end, End::Loop);
    assert_eq!(app.received().len(), 2);
}

#[tokio::test]
async fn a_redirect_to_itself_with_a_new_cookie_is_no_loop() {
    let app = Server::answering(|request| {
        if request.contains("Cookie: seen=1") {
            return page("arrived");
        }
        "HTTP/1.1 302 Go\r\nLocation: /\r\nSet-Cookie: seen=1\r\nContent-Length: 0\r\n\r\n".to_string()
    })
    .await;
    let mut browser = browser(&[&app, &nowhere().await], &recorder());

    assert_eq!(browser.navigate(&app.url).await.end, End::Page);
}

#[tokio::test]
async fn endless_redirects_end() {
    let app = Server::answering(|request| redirect(302, &format!("{}x", path(request)))).await;
    let mut browser = browser(&[&app, &nowhere().await], &recorder());

    let trail = browser.navigate(&app.url).await;

    assert_eq!((trail.end, trail.exchanges.len()), (End::TooMany, 21));
}

#[tokio::test]
async fn a_redirect_away_from_the_target_is_recorded_and_not_followed() {
    for away in
        ["http://127.0.0.1:1/x", "https://evil.test/", "//evil.test/x", "javascript:alert(1)", "mailto:a@b.test"]
    {
        let app = Server::answering(move |_| redirect(302, away)).await;
        let recorder = recorder();
        let mut browser = browser(&[&app, &nowhere().await], &recorder);

        let trail = browser.navigate(&app.url).await;

        assert!(matches!(trail.end, End::LeftTarget(_)), "{away}: {:?}", trail.end);
        assert_eq!(recorder.exchanges().len(), 1);
    }
}

#[tokio::test]
async fn a_dead_server_ends_in_failed() {
    let app = Server::answering(|_| String::new()).await;
    let mut browser = browser(&[&app, &nowhere().await], &recorder());

    assert_eq!(browser.navigate(&app.url).await.end, End::Failed);
}

#[tokio::test]
async fn a_callback_can_be_held_and_delivered_later() {
    let app = Server::answering(|request| match path(request) {
        "/login" => redirect(302, "/auth?code=c1"),
        _ => page("in"),
    })
    .await;
    let mut browser = browser(&[&app, &nowhere().await], &recorder());

    let trail = browser.navigate_until(&app.url.join("/login").unwrap(), |url| url.path() == "/auth").await;
    let End::Stopped(callback) = trail.end else { panic!("{:?}", trail.end) };
    assert_eq!(app.received().len(), 1);
    let trail = browser.continue_from(&callback).await;

    assert_eq!(trail.end, End::Page);
    assert_eq!(lines(&app)[1], "GET /auth?code=c1 HTTP/1.1");
}

#[tokio::test]
async fn a_form_post_callback_goes_by_itself_and_can_be_held() {
    let idp = Server::answering(|_| {
        page("<body onload='document.forms[0].submit()'><form method=post action='/auth'><input type=hidden name=code value='c&amp;1'></form>")
    })
    .await;
    let mut holding = browser(&[&idp], &recorder());
    let mut going = holding.fork_without_cookies();

    let held = holding.navigate_until(&idp.url, |url| url.path() == "/auth").await;
    let pending = held.pending.unwrap();
    let gone = going.navigate(&idp.url).await;

    assert_eq!((pending.method.as_str(), pending.body.as_slice()), ("POST", &b"code=c%261"[..]));
    let posted = gone.exchanges.iter().filter(|exchange| exchange.request.method == "POST").count();
    assert_eq!(posted, 1, "it posts once, then the same again is a loop");
}

#[tokio::test]
async fn a_refresh_page_is_followed_and_a_slow_one_is_not() {
    let app = Server::answering(|request| match path(request) {
        "/" => page("<meta http-equiv=Refresh content='0; URL=/next'>"),
        _ => page("<meta http-equiv=refresh content='30;url=/'>"),
    })
    .await;
    let mut browser = browser(&[&app, &nowhere().await], &recorder());

    let trail = browser.navigate(&app.url).await;

    assert_eq!((trail.end, trail.exchanges.len()), (End::Page, 2));
}

#[tokio::test]
async fn the_scenario_cookie_goes_to_the_idp_alone() {
    let app = Server::answering(|_| page("app")).await;
    let idp = Server::answering(|_| page("idp")).await;
    let mut browser = browser(&[&app, &idp], &recorder());

    browser.get(&app.url).await;
    browser.get(&idp.url).await;

    assert!(!String::from_utf8_lossy(&app.received()[0]).contains("authproof_scenario"));
    assert!(String::from_utf8_lossy(&idp.received()[0]).contains("\r\nCookie: authproof_scenario=s1\r\n"));
}

#[tokio::test]
async fn browsers_do_not_share_cookies_and_each_sends_its_own_back() {
    let app = Server::answering(|_| {
        "HTTP/1.1 200 OK\r\nset-cookie: session=s; HttpOnly\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n".to_string()
    })
    .await;
    let mut alice = browser(&[&app, &nowhere().await], &recorder());
    alice.get(&app.url).await;
    let mut bob = alice.fork_without_cookies();

    alice.get(&app.url).await;
    bob.get(&app.url).await;

    let cookie = |at: usize| {
        let text = String::from_utf8(app.received()[at].clone()).unwrap();
        text.lines().find_map(|line| line.strip_prefix("Cookie: ")).map(str::to_string)
    };
    assert_eq!(cookie(1).as_deref(), Some("session=s; b=2"));
    assert_eq!(cookie(2), None);
}

#[tokio::test]
async fn a_refused_cookie_is_noted_without_its_value() {
    let app = Server::answering(|_| {
        "HTTP/1.1 200 OK\r\nSet-Cookie: sid=CANARY1234; SameSite=None\r\nContent-Length: 0\r\n\r\n".to_string()
    })
    .await;
    let recorder = recorder();

    browser(&[&app, &nowhere().await], &recorder).get(&app.url).await;

    let notes = recorder.notes().join("\n");
    assert!(notes.contains("`sid`") && notes.contains("SameSite=None") && !notes.contains("CANARY"), "{notes}");
}

#[tokio::test]
async fn a_form_keeps_what_nobody_typed() {
    let app = Server::answering(|request| match path(request) {
        "/login" => page(
            "<form id=other action=/no></form>
             <div id=box><form method=POST action='do?x=1'>
             <input type=hidden name=csrf value=t1><input name=user><input type=password name=pw>
             <input type=checkbox name=stay checked><input type=checkbox name=no>
             <select name=realm><option value=a>A<option value=b selected>B</select>
             <textarea name=note>hi</textarea><input name=off value=1 disabled>
             <button name=act value=go>Go</button><button name=act value=cancel>Cancel</button></form></div>",
        ),
        _ => page("done"),
    })
    .await;
    let mut browser = browser(&[&app, &nowhere().await], &recorder());
    let shown = browser.get(&app.url.join("/login").unwrap()).await;

    let done = browser.submit_form(&shown, Some("#box form"), &[("user", "alice"), ("pw", "p w")]).await.unwrap();

    assert_eq!(done.status(), Some(200));
    let sent = String::from_utf8(app.received()[1].clone()).unwrap();
    assert!(sent.starts_with("POST /do?x=1 HTTP/1.1"), "{sent}");
    assert!(sent.ends_with("csrf=t1&user=alice&pw=p+w&stay=on&realm=b&note=hi&act=go"), "{sent}");
    assert!(sent.contains(&format!("\r\nOrigin: {}\r\n", app.url.origin().ascii_serialization())), "{sent}");
}

#[tokio::test]
async fn a_page_without_the_form_is_told() {
    let app = Server::answering(|_| page("<p>sorry")).await;
    let mut browser = browser(&[&app, &nowhere().await], &recorder());
    let shown = browser.get(&app.url).await;

    assert_eq!(find_forms(&shown), []);
    assert!(browser.submit_form(&shown, None, &[]).await.is_err());
    assert!(browser.submit_form(&shown, Some("<<"), &[]).await.is_err());
}

#[tokio::test]
async fn another_sites_form_gets_no_lax_cookie() {
    let app = Server::answering(|_| page("app")).await;
    let mut browser = browser(&[&app, &nowhere().await], &recorder());
    let url: Url = app.url.clone();
    browser.jar_mut().set(&url, "lax=1; SameSite=Lax").unwrap();

    browser.request(Outgoing::post(url.clone()).from_another_site()).await;
    browser.request(Outgoing::post(url)).await;

    let sent: Vec<bool> = app.received().iter().map(|bytes| String::from_utf8_lossy(bytes).contains("lax=1")).collect();
    assert_eq!(sent, [false, true]);
}

#[tokio::test]
async fn a_bearer_stays_at_its_origin() {
    let other = nowhere().await;
    let elsewhere = other.url.to_string();
    let app = Server::answering(move |_| redirect(302, &elsewhere)).await;
    let mut browser = browser(&[&app, &other], &recorder());

    browser.navigate_with(Outgoing::get(app.url.clone()).bearer("t1")).await;

    assert!(String::from_utf8_lossy(&app.received()[0]).contains("Authorization: Bearer t1"));
    assert!(!String::from_utf8_lossy(&other.received()[0]).contains("Authorization"));
}
