//! The process's environment, which beats what `.env` sets.

use crate::settings::{Origin, Variable, Variables};

/// The environment over the variables of a file.
pub fn over(mut variables: Variables) -> Variables {
    // What is not UTF-8 is nothing that settings could hold.
    for (name, value) in std::env::vars_os() {
        if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
            // An empty variable sets nothing, as in `.env.example`.
            if !value.trim().is_empty() || !variables.contains_key(&name) {
                variables.insert(name, Variable { value, origin: Origin::Environment });
            }
        }
    }
    variables
}
