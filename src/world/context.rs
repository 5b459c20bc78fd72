//! What all scenarios of a run share.

use std::sync::Arc;

use reference::Defects;

use crate::browser::Network;
use crate::lab::Lab;
use crate::target::Target;

/// The target under test and what was started for it.
pub struct Context {
    pub target: Arc<Target>,
    pub lab: Arc<Lab>,
    pub network: Network,
    /// The defects planted into the embedded reference; exclusive scenarios plant them into their own.
    pub defects: Defects,
}
