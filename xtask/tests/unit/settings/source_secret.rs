//! Tests which texts name a secret.

use super::SourceSecret;

#[test]
fn a_secret_is_an_arn_or_the_path_of_a_parameter() {
    let parsed = |text| SourceSecret::parse(text).map(|found| (found.action(), found.name().to_owned()));
    let secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:dpstack/shop-AbCdEf";
    assert_eq!(parsed(secret), Some(("secretsmanager:GetSecretValue", "dpstack/shop-AbCdEf".to_owned())));
    for parameter in ["/dpstack/shop", "arn:aws-cn:ssm:cn-north-1:123456789012:parameter/dpstack/shop"] {
        assert_eq!(parsed(parameter), Some(("ssm:GetParameters", "dpstack/shop".to_owned())));
    }
    let found = SourceSecret::parse("/dpstack/shop").expect("a name");
    let arn = "arn:aws:ssm:eu-west-1:123456789012:parameter/dpstack/shop";
    assert_eq!(found.arn("aws", "eu-west-1", "123456789012"), arn);
    for other in [
        "",
        "hunter2",
        "/token",
        "/dpstack/",
        "/dpstack/a b",
        r#"{"TOKEN": "x"}"#,
        // Without the suffix; one value of the secret; another service.
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:dpstack/shop-AbCdEf:TOKEN::",
        "arn:aws:ssm:eu-west-1:123456789012:secret:dpstack/shop-AbCdEf",
        "arn:aws:secretsmanager:eu-west-1:123456789012:parameter/dpstack/shop",
        "arn:aws:s3:::bucket",
    ] {
        assert_eq!(parsed(other), None, "{other}");
    }
}
