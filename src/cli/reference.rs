//! `authproof reference`: the reference services on their own.

use super::{Ending, Message, Stop};

pub async fn command(args: ::reference::command::Args) -> Ending {
    let served = ::reference::command::run(args).await;
    served.map(|()| 0).map_err(|error| Stop::usage(Message::new(error.to_string(), None)))
}
