//! Why the lab could not be set up.

use std::net::SocketAddr;

/// Something could not be started. Nothing was tested then.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum LabError {
    #[error("cannot listen on {address} for {what}")]
    #[diagnostic(
        code("lab::listen"),
        help("another program may use that port: end it, or change the address in the target file")
    )]
    Listen {
        what: String,
        address: SocketAddr,
        #[source]
        source: std::io::Error,
    },
    #[error("the mock IdP does not start")]
    #[diagnostic(
        code("lab::idp"),
        help("another program may use `idp.listen`: end it, or change the address in the target file")
    )]
    Idp {
        #[source]
        source: mock_idp::StartError,
    },
    #[error("the reference services do not start")]
    #[diagnostic(code("lab::reference"))]
    Reference {
        #[source]
        source: reference::StartError,
    },
}
