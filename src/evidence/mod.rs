//! What went over the wire. `Exchange` is live and complete, for the judges; `RecordedExchange` is its redacted copy,
//! the only form that is ever stored or shown.

mod exchange;
mod record;

pub use exchange::{Exchange, Headers, Method, Party, Request, Response, TransportFailure};
pub use record::{RecordedBody, RecordedExchange, RecordedRequest, RecordedResponse};
