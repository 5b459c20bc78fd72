//! The pages that people see. Field names are stable: `username`, and the request's parameters as hidden fields.

use std::fmt::Write;

use crate::model::Persona;

const STYLE: &str = "body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}\
    button,input{font:inherit;padding:.4rem .8rem;margin:.2rem 0}.problem{color:#a00}\
    @media(prefers-color-scheme:dark){body{background:#111;color:#eee}.problem{color:#f88}}";

/// The login page: a field for the persona's name, and a button for each persona.
pub(crate) fn login(personas: &[Persona], client: &str, params: &[(String, String)], problem: Option<&str>) -> String {
    let mut body =
        format!("<h1>Log in</h1><p>This is a mock identity provider. <b>{}</b> asks who you are.</p>", escaped(client));
    if let Some(problem) = problem {
        let _ = write!(body, "<p class=\"problem\" role=\"alert\">{}</p>", escaped(problem));
    }
    let hidden = params.iter().fold(String::new(), |mut hidden, (name, value)| {
        let _ = write!(hidden, "<input type=\"hidden\" name=\"{}\" value=\"{}\">", escaped(name), escaped(value));
        hidden
    });
    let _ = write!(
        body,
        "<form method=\"post\" id=\"login\">{hidden}<p><label for=\"username\">Persona</label><br>\
         <input id=\"username\" name=\"username\" autocomplete=\"username\" autofocus required> <button>Log in</button></p></form>"
    );
    if !personas.is_empty() {
        body.push_str("<h2>Personas</h2>");
    }
    for persona in personas {
        let email = persona.claims.get("email").and_then(|email| email.as_str()).unwrap_or(&persona.sub);
        let _ = write!(
            body,
            "<form method=\"post\">{hidden}<button name=\"username\" value=\"{name}\">{name}</button> <small>{}</small></form>",
            escaped(email),
            name = escaped(&persona.name),
        );
    }
    page("Log in", &body)
}

/// A request that leads nowhere.
pub(crate) fn error(why: &str) -> String {
    page("Error", &format!("<h1>This login cannot go on</h1><p class=\"problem\" role=\"alert\">{}</p>", escaped(why)))
}

/// Something is done.
pub(crate) fn notice(text: &str) -> String {
    page("Done", &format!("<h1>{}</h1>", escaped(text)))
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} - mock IdP</title>\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><style>{STYLE}</style></head>\
         <body><main>{body}</main></body></html>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
