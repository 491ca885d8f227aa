use super::super::variables::Variable;
use super::*;

fn of(pairs: &[(&str, &str)]) -> Result<(), String> {
    let one = |(name, value): &(&str, &str)| {
        ((*name).to_owned(), Variable { value: (*value).to_owned(), origin: Origin::Environment })
    };
    confined(&pairs.iter().map(one).collect()).map_err(|failure| failure.to_string())
}

#[test]
fn only_this_machine_and_its_containers_are_local() {
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
        assert!(of(&[(ENDPOINT, url)]).is_err_and(|words| words.contains("points to a different host")), "{url}");
    }
}

#[test]
fn no_service_has_an_endpoint_elsewhere() {
    let here = (ENDPOINT, "http://127.0.0.1:1");
    let words =
        of(&[here, ("AWS_ENDPOINT_URL_S3", "https://s3.amazonaws.com")]).expect_err("it points to a different host");
    assert!(words.ends_with("AWS_ENDPOINT_URL_S3 points to a different host"), "{words}");
    assert!(of(&[("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")]).is_err_and(|words| words.ends_with("is not set")));
    assert_eq!(of(&[here, ("AWS_ENDPOINT_URL_S3", " ")]), Ok(()));
}

#[test]
fn credentials_come_from_where_the_endpoint_comes_from() {
    let variable = |value: &str, origin| Variable { value: value.to_owned(), origin };
    let with = |endpoint, keys| {
        let both = [(ENDPOINT, variable("http://127.0.0.1:1", endpoint)), (KEYS[0], variable("AKIA", keys))];
        confined(&both.map(|(name, value)| (name.to_owned(), value)).into()).map_err(|failure| failure.to_string())
    };
    let file = |line| Origin::DotEnv { file: ".env".to_owned(), line };
    assert_eq!(with(file(1), file(2)), Ok(()));
    assert_eq!(with(Origin::Environment, Origin::Environment), Ok(()));
    let words = with(file(1), Origin::Environment).expect_err("not for emulators");
    assert!(words.ends_with("AWS_ACCESS_KEY_ID is set in the environment"), "{words}");
}
