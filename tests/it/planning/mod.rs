//! What a provisioner would do is shown before anybody says yes, and exactly that is built.

pub mod cdk;
pub mod changed;
pub mod doors;
pub mod ends;
pub mod planner;
pub mod shown;
pub mod stacks;
