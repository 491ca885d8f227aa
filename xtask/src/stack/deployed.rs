//! A stack that exists, as CloudFormation describes it.

use std::collections::BTreeMap;

use super::status::State;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// Its name with the prefix.
    pub name: String,
    /// Its ARN; a later stack of the same name has another.
    pub id: String,
    pub status: String,
    pub reason: Option<String>,
    pub parameters: BTreeMap<String, String>,
    pub outputs: BTreeMap<String, String>,
    pub tags: BTreeMap<String, String>,
    pub protected: bool,
    /// The template it was created or updated with; empty while under review.
    pub template: String,
    /// Names of change sets that were never executed.
    pub change_sets: Vec<String>,
}

impl Deployed {
    pub fn state(&self) -> State {
        State::of(&self.status)
    }
}
