//! Sessions: renewed at login, gone after the logout, worth nothing when changed.

use mock_idp::{Endpoint, Persona};

use crate::browser::Browser;
use crate::house::{House, sub};

fn session_of(house: &House, browser: &Browser) -> String {
    browser.cookie(&house.url("/"), "session").expect("the browser has a session")
}

#[tokio::test]
async fn a_login_renews_the_session() {
    let house = House::start().await;
    let mut alice = house.browser("alice");
    let callback = house.up_to_callback(&mut alice).await;
    let mut attacker = Browser::new();
    attacker.set_cookie(&house.url("/"), "session", &session_of(&house, &alice));

    alice.get(&callback).await;

    assert_ne!(Some(session_of(&house, &alice)), attacker.cookie(&house.url("/"), "session"));
    assert_eq!(house.who(&mut alice).await, sub("alice"));
    assert_eq!(house.who(&mut attacker).await, None);
}

#[tokio::test]
async fn an_identifier_that_the_client_made_up_is_not_adopted() {
    let house = House::start().await;
    let mut alice = house.browser("alice");
    alice.set_cookie(&house.url("/"), "session", "AAAAAAAAAAAAAAAAAAAAAA");

    alice.get(&house.url("/login")).await;

    assert_ne!(session_of(&house, &alice), "AAAAAAAAAAAAAAAAAAAAAA");
}

#[tokio::test]
async fn the_cookie_is_protected() {
    let house = House::start().await;

    let page = house.browser("alice").get(&house.url("/login")).await;

    let cookies = page.set_cookies();
    let [cookie] = cookies.as_slice() else { panic!("{cookies:?}") };
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.split("; ").any(|part| part == attribute), "{attribute} in {cookie}");
    }
    assert!(!cookie.contains("Domain") && !cookie.contains("Secure"));
}

#[tokio::test]
async fn a_changed_cookie_is_no_session() {
    let house = House::start().await;
    let alice = house.log_in("alice").await;
    let session = session_of(&house, &alice);

    for at in 0..session.len() {
        let other = if &session[at..=at] == "A" { "B" } else { "A" };
        let changed = format!("{}{other}{}", &session[..at], &session[at + 1..]);
        let mut browser = Browser::new();
        browser.set_cookie(&house.url("/"), "session", &changed);

        assert_eq!(house.who(&mut browser).await, None, "{at}");
    }
}

#[tokio::test]
async fn a_login_over_a_session_replaces_it() {
    let house = House::start().await;
    let mut browser = house.log_in("alice").await;
    browser.set_cookie(&house.issuer.authorization_endpoint(), mock_idp::PERSONA_COOKIE, "bob");

    browser.follow(&house.url("/login"), |_| false).await;

    assert_eq!(house.who(&mut browser).await, sub("bob"));
}

#[tokio::test]
async fn a_logout_ends_the_session_here_and_tells_the_provider() {
    let house = House::start().await;
    let mut alice = house.log_in("alice").await;
    let mut elsewhere = house.log_in("alice").await;
    let mut copied = alice.clone();

    let page = alice.get(&house.url("/logout?return_to=https://evil.test/&next=//evil.test/")).await;
    let to = page.location().unwrap();
    alice.get(&to).await;

    assert_eq!(alice.cookie(&house.url("/"), "session"), None);
    for browser in [&mut alice, &mut copied] {
        assert_eq!(house.who(browser).await, None);
    }
    assert_eq!(house.who(&mut elsewhere).await, sub("alice"));
    let told = house.received(Endpoint::EndSession);
    let [told] = told.as_slice() else { panic!("{} requests", told.len()) };
    assert_eq!(told.param("post_logout_redirect_uri"), Some(house.url("/").as_str()));
    assert_eq!(told.response_status, 302);
    assert!(told.param("id_token_hint").is_some() && told.param("state").is_some());
}

#[tokio::test]
async fn a_logout_of_nobody_says_so() {
    let house = House::start().await;

    let page = house.browser("alice").get(&house.url("/logout")).await;

    assert_eq!((page.status.as_u16(), page.location()), (200, None));
}

#[tokio::test]
async fn personal_answers_are_not_stored() {
    let house = House::start().await;
    let mut alice = house.log_in("alice").await;

    for path in ["/", "/profile", "/api/me", "/api/resources", "/nothing"] {
        assert_eq!(alice.get(&house.url(path)).await.headers["cache-control"], "no-store", "{path}");
    }
}

#[tokio::test]
async fn a_name_is_text_on_the_page() {
    let house = House::start().await;
    let mut alice: Persona = crate::house::persona("alice");
    alice.claims.insert("name".into(), "<script>alert(1)</script>".into());
    house.invite(vec![alice]);

    let mut browser = house.log_in("alice").await;

    for path in ["/", "/profile"] {
        assert!(!browser.get(&house.url(path)).await.body.contains("<script>"));
    }
}
