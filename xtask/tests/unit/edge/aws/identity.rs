//! Tests which credentials the variables select.

use super::*;
use crate::settings::Variable;

fn selected(pairs: &[(&str, &str, Origin)], confined: bool) -> String {
    let one = |(name, value, origin): &(&str, &str, Origin)| {
        ((*name).to_owned(), Variable { value: (*value).to_owned(), origin: origin.clone() })
    };
    match identity(&pairs.iter().map(one).collect(), confined) {
        Ok(Identity::Keys(keys)) => format!("{} {}", keys.access_key_id(), keys.session_token().unwrap_or("-")),
        Ok(Identity::Profile(name)) => format!("profile {name}"),
        Ok(Identity::Default) => "default".to_owned(),
        Ok(Identity::None) => "none".to_owned(),
        Err(failure) => failure.to_string(),
    }
}

#[test]
fn the_environment_overrides_dot_env_and_keys_override_a_profile_from_the_same_source() {
    let file = Origin::DotEnv { file: ".env".to_owned(), line: 1 };
    let keys = |origin: &Origin| [(ID, "key", origin.clone()), (SECRET, "x", origin.clone())];
    let profile = |origin: &Origin| [("AWS_PROFILE", "work", origin.clone())];
    let token = |origin: &Origin| [(TOKEN, "t", origin.clone())];
    let env = Origin::Environment;
    for (pairs, expected) in [
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
        (vec![(ID, "key", env.clone())], "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not"),
        (
            vec![(ID, "key", env.clone()), (SECRET, "x", file.clone())],
            "AWS_ACCESS_KEY_ID is set in the environment, but AWS_SECRET_ACCESS_KEY is set in .env:1",
        ),
    ] {
        assert_eq!(selected(&pairs, false), expected, "{pairs:?}");
    }
    assert_eq!(selected(&[&keys(&file)[..], &profile(&env)].concat(), true), "key -");
    assert_eq!(selected(&profile(&env), true), "default");
}
