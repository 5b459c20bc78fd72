//! A service behind the frontend that keeps what it receives and answers as it is told.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use url::Url;

#[derive(Clone)]
pub struct Call {
    pub target: String,
    pub headers: HeaderMap,
}

impl Call {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Status, content type, body, further header.
type Answer = (StatusCode, &'static str, String, Option<(&'static str, String)>);

#[derive(Default)]
struct Inner {
    calls: Vec<Call>,
    answer: Option<Answer>,
}

pub struct Downstream {
    pub url: Url,
    inner: Arc<Mutex<Inner>>,
    task: tokio::task::JoinHandle<()>,
}

impl Downstream {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
        let inner = Arc::new(Mutex::new(Inner::default()));
        let app = Router::new().fallback(receive).with_state(Arc::clone(&inner));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, inner, task }
    }

    pub fn calls(&self) -> Vec<Call> {
        self.inner.lock().unwrap().calls.clone()
    }

    pub fn answer(&self, status: u16, content_type: &'static str, body: &str, header: Option<(&'static str, String)>) {
        let status = StatusCode::from_u16(status).unwrap();
        self.inner.lock().unwrap().answer = Some((status, content_type, body.into(), header));
    }
}

impl Drop for Downstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn receive(State(inner): State<Arc<Mutex<Inner>>>, request: Request) -> Response {
    let mut inner = inner.lock().unwrap();
    inner.calls.push(Call { target: request.uri().to_string(), headers: request.headers().clone() });
    let usual = (StatusCode::OK, "application/json", r#"{"items":["one"]}"#.to_owned(), None);
    let (status, content_type, body, header) = inner.answer.clone().unwrap_or(usual);
    let mut response = (status, [("content-type", content_type)], body).into_response();
    if let Some((name, value)) = header {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}
