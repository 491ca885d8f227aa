//! Account 000000000000 is reserved for emulators, so its API calls may only be sent to this machine.

use url::{Host, Url};

use super::variables::{Origin, Variables, given};
use crate::failure::Failure;

/// The placeholder account in committed files, which emulators also use.
pub const NO_ACCOUNT: &str = "000000000000";

const ENDPOINT: &str = "AWS_ENDPOINT_URL";
const KEYS: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/// Fails if calls would be sent to AWS: an endpoint variable points to a different host, or no endpoint is set.
pub fn confined(variables: &Variables) -> Result<(), Failure> {
    let refused = |problem: String| {
        let hint = "use a rehearsal's variables (--dot-env) and unset the AWS variables in the environment, or use \
                    different settings";
        Failure::new(format!("account 000000000000 is reserved for emulators on this machine, but {problem}"))
            .hint(hint)
    };
    if given(variables, ENDPOINT).is_none() {
        return Err(refused(format!("{ENDPOINT} is not set")));
    }
    let others = variables.keys().filter(|name| name.starts_with(ENDPOINT));
    if let Some(name) = others.into_iter().find(|name| given(variables, name).is_some_and(|url| !is_here(url))) {
        return Err(refused(format!("{name} points to a different host")));
    }
    // Credentials and endpoint must have one source: an emulator would log credentials that are for AWS.
    let is_of_environment = |name: &&str| {
        given(variables, name).is_some() && variables.get(*name).is_some_and(|one| one.origin == Origin::Environment)
    };
    match KEYS.iter().find(|name| !is_of_environment(&ENDPOINT) && is_of_environment(name)) {
        Some(name) => Err(refused(format!("{name} is set in the environment"))),
        None => Ok(()),
    }
}

fn is_here(url: &str) -> bool {
    let Ok(url) = url.parse::<Url>() else { return false };
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        // Docker's bridge networks are also here (Docker's `dockerd` documentation, `default-address-pools`).
        Some(Host::Ipv4(address)) => matches!(address.octets(), [127, ..] | [172, 16..=31, ..]),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
#[path = "../../tests/unit/settings/confined.rs"]
mod tests;
