//! A stack that exists, as CloudFormation describes it.

use std::collections::BTreeMap;

use super::status::State;

/// A stack as CloudFormation describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// Its name with the prefix.
    pub name: String,
    /// Its ARN; a later stack of the same name has another.
    pub id: String,
    /// `CREATE_COMPLETE` and so on.
    pub status: String,
    /// The reason of the status, if any.
    pub reason: Option<String>,
    /// By name.
    pub parameters: BTreeMap<String, String>,
    /// By name.
    pub outputs: BTreeMap<String, String>,
    /// By name.
    pub tags: BTreeMap<String, String>,
    /// Whether termination protection is on.
    pub protected: bool,
    /// The template it was created or updated with; empty while under review.
    pub template: String,
    /// Names of change sets that were never executed.
    pub change_sets: Vec<String>,
}

impl Deployed {
    /// What its status means.
    pub fn state(&self) -> State {
        State::of(&self.status)
    }
}
