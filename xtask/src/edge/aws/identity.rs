//! The credentials that sign the calls: keys, a profile, or the SDK's default.

use aws_sdk_sts::config::Credentials;

use crate::failure::Failure;
use crate::settings::{Origin, Variables, given};

/// The source of credentials.
#[derive(Debug)]
pub(super) enum Identity {
    /// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
    Keys(Credentials),
    /// AWS_PROFILE.
    Profile(String),
    /// The SDK's default chain: default profile, container role, instance role.
    Default,
}

const ID: &str = "AWS_ACCESS_KEY_ID";
const SECRET: &str = "AWS_SECRET_ACCESS_KEY";
const TOKEN: &str = "AWS_SESSION_TOKEN";

/// The credentials that the variables select. The environment overrides `.env`; from the same source, keys override a profile,
/// as in the SDK. Calls `confined` to this machine ignore profiles, which can belong to an account.
///
/// # Errors
/// When only one key is set, or the keys come from different sources.
pub(super) fn identity(variables: &Variables, confined: bool) -> Result<Identity, Failure> {
    let found = |name: &str| {
        let value = given(variables, name)?;
        Some((value.to_owned(), variables[name].origin == Origin::Environment))
    };
    let profile = found("AWS_PROFILE").filter(|_| !confined);
    let half = |one: &str, other: &str| Failure::new(format!("{one} without {other}")).hint("set both");
    match (found(ID), found(SECRET), profile) {
        (Some((_, false)), Some((_, false)), Some((profile, true))) => Ok(Identity::Profile(profile)),
        (Some((id, place)), Some((secret, other)), _) if place == other => {
            let token = found(TOKEN).filter(|(_, other)| *other == place).map(|(token, _)| token);
            Ok(Identity::Keys(Credentials::new(id, secret, token, None, "environment or .env")))
        }
        (Some(_), Some(_), _) => {
            let (id, secret) = (&variables[ID].origin, &variables[SECRET].origin);
            let failure = Failure::new(format!("{ID} is from {id}, and {SECRET} from {secret}"));
            Err(failure.hint("set both in the same place"))
        }
        (Some(_), None, _) => Err(half(ID, SECRET)),
        (None, Some(_), _) => Err(half(SECRET, ID)),
        (None, None, Some((profile, _))) => Ok(Identity::Profile(profile)),
        (None, None, None) => Ok(Identity::Default),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Variable;

    fn of(pairs: &[(&str, &str, Origin)], confined: bool) -> String {
        let one = |(name, value, origin): &(&str, &str, Origin)| {
            ((*name).to_owned(), Variable { value: (*value).to_owned(), origin: origin.clone() })
        };
        match identity(&pairs.iter().map(one).collect(), confined) {
            Ok(Identity::Keys(keys)) => format!("{} {}", keys.access_key_id(), keys.session_token().unwrap_or("-")),
            Ok(Identity::Profile(name)) => format!("profile {name}"),
            Ok(Identity::Default) => "default".to_owned(),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn the_environment_beats_dot_env_and_keys_beat_a_profile_of_the_same_place() {
        let file = Origin::DotEnv { file: ".env".to_owned(), line: 1 };
        let keys = |origin: &Origin| [(ID, "key", origin.clone()), (SECRET, "x", origin.clone())];
        let profile = |origin: &Origin| [("AWS_PROFILE", "work", origin.clone())];
        let token = |origin: &Origin| [(TOKEN, "t", origin.clone())];
        let env = Origin::Environment;
        for (pairs, wanted) in [
            (vec![], "default"),
            (keys(&file).to_vec(), "key -"),
            (keys(&env).to_vec(), "key -"),
            (profile(&file).to_vec(), "profile work"),
            (profile(&env).to_vec(), "profile work"),
            ([&keys(&file)[..], &profile(&env)].concat(), "profile work"),
            ([&keys(&file)[..], &profile(&file)].concat(), "key -"),
            ([&keys(&env)[..], &profile(&env)].concat(), "key -"),
            ([&keys(&env)[..], &profile(&file)].concat(), "key -"),
            ([&keys(&env)[..], &token(&env)].concat(), "key t"),
            ([&keys(&env)[..], &token(&file)].concat(), "key -"),
            ([&keys(&file)[..], &token(&file)].concat(), "key t"),
            (vec![(ID, "key", env.clone())], "AWS_ACCESS_KEY_ID without AWS_SECRET_ACCESS_KEY"),
            (
                vec![(ID, "key", env.clone()), (SECRET, "x", file.clone())],
                "AWS_ACCESS_KEY_ID is from the environment, and AWS_SECRET_ACCESS_KEY from .env:1",
            ),
        ] {
            assert_eq!(of(&pairs, false), wanted, "{pairs:?}");
        }
        assert_eq!(of(&[&keys(&file)[..], &profile(&env)].concat(), true), "key -");
        assert_eq!(of(&profile(&env), true), "default");
    }
}
