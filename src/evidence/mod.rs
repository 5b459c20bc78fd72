//! What went over the wire. `Exchange` is live and complete, for the judges; `RecordedExchange` is its redacted copy,
//! the only form that is ever stored or shown. `Recorder` makes the one from the other.

mod exchange;
mod mask;
mod members;
mod record;
mod recorder;
mod redact;
mod sensitive;

pub use exchange::{Exchange, Headers, Method, Party, Request, Response, TransportFailure};
pub use record::{RecordedBody, RecordedExchange, RecordedRequest, RecordedResponse};
pub use recorder::Recorder;
pub use redact::Redactor;
