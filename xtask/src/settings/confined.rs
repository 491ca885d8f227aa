//! What is nobody's account can be on this machine alone: emulators answer for it.

use std::net::IpAddr;

use ipnet::Ipv4Net;
use url::{Host, Url};

use super::overrides::{Origin, Variables, given};
use crate::failure::Failure;

/// Begins the names of the variables that say where AWS answers: for all services, then for each.
const ENDPOINT: &str = "AWS_ENDPOINT_URL";
/// Who one is.
const KEYS: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
/// Where Docker puts its bridges, `docker0` first (Docker's documentation of `dockerd`, `default-address-pools`).
const BRIDGES: &str = "172.16.0.0/12";

/// Whether every call goes to this machine.
///
/// # Errors
/// With the variable that leads elsewhere, or that is missing: without it calls go to AWS.
pub fn confined(variables: &Variables) -> Result<(), Failure> {
    let refused = |words: String| {
        let hint = "take the variables of a rehearsal (--dot-env), without others of AWS in the environment; or other settings";
        Failure::new(format!("account 000000000000 is that of emulators on this machine, and {words}")).hint(hint)
    };
    if given(variables, ENDPOINT).is_none() {
        return Err(refused(format!("{ENDPOINT} is not set")));
    }
    let others = variables.keys().filter(|name| name.starts_with(ENDPOINT));
    if let Some(name) = others.into_iter().find(|name| given(variables, name).is_some_and(|url| !is_here(url))) {
        return Err(refused(format!("{name} leads elsewhere")));
    }
    // Where a file says where to go, it says who one is as well: keys of the environment are for something else, and would end
    // up in an emulator's log.
    let is_of_environment = |name: &&str| {
        given(variables, name).is_some() && variables.get(*name).is_some_and(|one| one.origin == Origin::Environment)
    };
    match KEYS.iter().find(|name| !is_of_environment(&ENDPOINT) && is_of_environment(name)) {
        Some(name) => Err(refused(format!("{name} of the environment is not for them"))),
        None => Ok(()),
    }
}

/// Whether an address is of this machine, or of a container on it.
fn is_here(url: &str) -> bool {
    let Ok(url) = url.parse::<Url>() else { return false };
    let on_bridge = |address: &std::net::Ipv4Addr| BRIDGES.parse().is_ok_and(|net: Ipv4Net| net.contains(address));
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback() || on_bridge(&address),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::overrides::Variable;
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Result<(), String> {
        let one = |(name, value): &(&str, &str)| {
            ((*name).to_owned(), Variable { value: (*value).to_owned(), origin: Origin::Environment })
        };
        confined(&pairs.iter().map(one).collect()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn only_this_machine_and_its_containers_are_here() {
        for url in
            ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "http://172.17.0.1:1", "http://a.localhost"]
        {
            assert_eq!(of(&[(ENDPOINT, url)]), Ok(()), "{url}");
        }
        let elsewhere = [
            "https://s3.eu-west-1.amazonaws.com",
            "http://10.0.0.1",
            "http://172.32.0.1",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://127.0.0.1@example.com",
            "127.0.0.1:1",
        ];
        for url in elsewhere {
            assert!(of(&[(ENDPOINT, url)]).is_err_and(|words| words.contains("leads elsewhere")), "{url}");
        }
    }

    #[test]
    fn no_service_has_a_way_out_of_its_own() {
        let here = (ENDPOINT, "http://127.0.0.1:1");
        let words = of(&[here, ("AWS_ENDPOINT_URL_S3", "https://s3.amazonaws.com")]).expect_err("it leads elsewhere");
        assert!(words.ends_with("AWS_ENDPOINT_URL_S3 leads elsewhere"), "{words}");
        assert!(of(&[("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")]).is_err_and(|words| words.ends_with("is not set")));
        assert_eq!(of(&[here, ("AWS_ENDPOINT_URL_S3", " ")]), Ok(()));
    }

    #[test]
    fn keys_of_the_environment_do_not_follow_a_files_addresses() {
        let variable = |value: &str, origin| Variable { value: value.to_owned(), origin };
        let with = |endpoint, keys| {
            let both = [(ENDPOINT, variable("http://127.0.0.1:1", endpoint)), (KEYS[0], variable("AKIA", keys))];
            confined(&both.map(|(name, value)| (name.to_owned(), value)).into()).map_err(|failure| failure.to_string())
        };
        let file = |line| Origin::DotEnv { file: ".env".to_owned(), line };
        assert_eq!(with(file(1), file(2)), Ok(()));
        assert_eq!(with(Origin::Environment, Origin::Environment), Ok(()));
        let words = with(file(1), Origin::Environment).expect_err("they are somebody's");
        assert!(words.ends_with("AWS_ACCESS_KEY_ID of the environment is not for them"), "{words}");
    }
}
