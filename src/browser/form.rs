//! Forms of HTML pages: what a browser would send when one is submitted.

use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::outgoing::Outgoing;
use crate::evidence::Exchange;

/// A form as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    pub method: String,
    /// Where it goes, resolved against the page.
    pub action: Url,
    /// Names and values, hidden fields too, as they stand when nobody has typed anything.
    pub fields: Vec<(String, String)>,
    /// The first submit button, if it has a name.
    pub button: Option<(String, String)>,
}

/// Why no form could be submitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    #[error("`{0}` is not a CSS selector")]
    Selector(String),
    #[error("the page at {0} has no such form")]
    NoForm(Url),
}

/// What the page asks a browser to do next without anybody touching it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Automatic {
    Submit(Form),
    Refresh(Url),
}

/// All forms of a page, in order.
pub fn find_forms(page: &Exchange) -> Vec<Form> {
    let html = Html::parse_document(&page.body_text());
    let base = base_url(&html, &page.request.url);
    html.select(&selector("form")).filter_map(|form| read_form(form, &base)).collect()
}

impl Form {
    /// The request a browser sends; `fields` replace those of the same name, or are added.
    pub fn fill(mut self, fields: &[(&str, &str)]) -> Self {
        for (name, value) in fields {
            let mut same = self.fields.iter_mut().filter(|(given, _)| given == name);
            match same.next() {
                Some(field) => field.1 = value.to_string(),
                None => self.fields.push((name.to_string(), value.to_string())),
            }
        }
        self
    }

    /// The request that submitting it from `page` makes.
    pub fn submit(self, page: &Url) -> Outgoing {
        if self.method == "GET" {
            let mut url = self.action;
            url.query_pairs_mut().clear().extend_pairs(self.fields);
            return Outgoing::get(url);
        }
        // Browsers send it with every form, and request forgery protection looks at it.
        let origin = page.origin().ascii_serialization();
        Outgoing::post(self.action).form(self.fields).header("Origin", origin)
    }
}

/// The request that the form under `css` (the first form without it) makes when a person presses its button.
pub(super) fn pressed(page: &Exchange, css: Option<&str>, fields: &[(&str, &str)]) -> Result<Outgoing, FormError> {
    let wanted = css.unwrap_or("form");
    let parsed = Selector::parse(wanted).map_err(|_| FormError::Selector(wanted.to_string()))?;
    let html = Html::parse_document(&page.body_text());
    let base = base_url(&html, &page.request.url);
    let element = html.select(&parsed).next();
    let form = element.and_then(|element| {
        let inner = element.select(&selector("form")).next();
        read_form(if element.value().name() == "form" { element } else { inner? }, &base)
    });
    let mut form = form.ok_or_else(|| FormError::NoForm(page.request.url.clone()))?;
    form.fields.extend(form.button.clone());
    Ok(form.fill(fields).submit(&page.request.url))
}

/// A page that submits its form by script (`response_mode=form_post`), or sends the browser on by `<meta>`.
pub(super) fn automatic(page: &Exchange) -> Option<Automatic> {
    let response = page.response.as_ref().ok()?;
    let is_html = response.headers.find("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("html"));
    if !is_html {
        return None;
    }
    let html = Html::parse_document(&page.body_text());
    let base = base_url(&html, &page.request.url);
    let submits = |script: &str| script.contains(".submit(");
    let on_load = html.select(&selector("body[onload]")).filter_map(|body| body.attr("onload")).any(submits);
    // A listener means that the script waits for somebody; then it is not ours to press.
    let in_script = html.select(&selector("script:not([src])")).any(|script| {
        let text: String = script.text().collect();
        submits(&text)
            && (!text.contains("addEventListener") || text.contains("DOMContentLoaded") || text.contains("'load'"))
    });
    if on_load || in_script {
        let form = html.select(&selector("form")).next()?;
        return read_form(form, &base).map(Automatic::Submit);
    }
    let is_refresh = |meta: &ElementRef<'_>| meta.attr("http-equiv").is_some_and(|v| v.eq_ignore_ascii_case("refresh"));
    let refresh = html.select(&selector("meta[http-equiv]")).find(is_refresh)?;
    refresh_target(refresh.attr("content")?, &base).map(Automatic::Refresh)
}

/// `0; url=/next`; a page that waits longer is a page to look at.
fn refresh_target(content: &str, base: &Url) -> Option<Url> {
    let (delay, rest) = content.split_once([';', ','])?;
    let seconds: f32 = delay.trim().parse().ok()?;
    let rest = rest.trim();
    let after_url = rest.get(..3).filter(|begin| begin.eq_ignore_ascii_case("url")).map(|_| rest[3..].trim_start());
    let target = after_url.and_then(|rest| rest.strip_prefix('=')).unwrap_or(rest);
    let target = target.trim().trim_matches(['"', '\'']);
    base.join(target).ok().filter(|_| seconds <= 1.0)
}

fn read_form(form: ElementRef<'_>, base: &Url) -> Option<Form> {
    let action = form.attr("action").unwrap_or_default().trim();
    let action = if action.is_empty() { base.clone() } else { base.join(action).ok()? };
    let is_post = form.attr("method").is_some_and(|method| method.trim().eq_ignore_ascii_case("post"));
    let mut read =
        Form { method: if is_post { "POST" } else { "GET" }.to_string(), action, fields: Vec::new(), button: None };
    for field in form.select(&selector("input, select, textarea, button")) {
        let Some(name) = field.attr("name").filter(|name| !name.is_empty()) else {
            continue;
        };
        if field.attr("disabled").is_some() {
            continue;
        }
        let kind = field.attr("type").unwrap_or_default().to_ascii_lowercase();
        match field.value().name() {
            "select" => read.fields.extend(chosen(field).map(|value| (name.to_string(), value))),
            "textarea" => read.fields.push((name.to_string(), field.text().collect())),
            "button" if kind.is_empty() || kind == "submit" => push_button(&mut read, name, field),
            "button" => {}
            _ => match kind.as_str() {
                "submit" | "image" => push_button(&mut read, name, field),
                "reset" | "button" | "file" => {}
                "checkbox" | "radio" if field.attr("checked").is_none() => {}
                "checkbox" | "radio" => read.fields.push((name.into(), field.attr("value").unwrap_or("on").into())),
                _ => read.fields.push((name.into(), field.attr("value").unwrap_or_default().into())),
            },
        }
    }
    Some(read)
}

fn push_button(form: &mut Form, name: &str, field: ElementRef<'_>) {
    let value = field.attr("value").unwrap_or_default();
    form.button.get_or_insert_with(|| (name.to_string(), value.to_string()));
}

fn chosen(select: ElementRef<'_>) -> Option<String> {
    let marked = select.select(&selector("option[selected]")).next();
    let option = marked.or_else(|| select.select(&selector("option")).next())?;
    Some(option.attr("value").map_or_else(|| option.text().collect(), str::to_string))
}

fn base_url(html: &Html, page: &Url) -> Url {
    let base = html.select(&selector("base[href]")).next().and_then(|base| page.join(base.attr("href")?).ok());
    base.unwrap_or_else(|| page.clone())
}

fn selector(css: &'static str) -> Selector {
    Selector::parse(css).expect("the selectors of this file are valid CSS")
}
