use super::*;

/// The texts of aws-config 1.13 (`profile/credentials.rs`, `ProfileFileError::FeatureNotEnabled`).
#[test]
fn a_kind_that_was_compiled_out_is_named() {
    for (feature, kind) in [
        ("sso", "IAM Identity Center"),
        ("credentials-process", "`credential_process`"),
        ("credentials-login", "`aws login`"),
    ] {
        let message = format!("This behavior requires following cargo feature(s) enabled: {feature}. In order to");
        assert!(missing_kind(&message).is_some_and(|found| found.contains(kind)), "{message}");
    }
    assert_eq!(missing_kind("the token has expired"), None);
}

/// Exists only in a build without the feature, such as that of the image: `cargo test -p connect -p jobs
/// --no-default-features --features jobs/aws --lib`.
#[cfg(not(feature = "profiles"))]
#[expect(deprecated, reason = "the replacement is in a crate that is not a direct dependency")]
#[tokio::test]
async fn a_profile_of_a_kind_that_was_compiled_out_is_refused_with_its_kind() {
    use aws_config::Region;
    use aws_config::profile::ProfileFileCredentialsProvider;
    use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
    use aws_config::provider_config::ProviderConfig;

    use crate::aws::client::http_client;

    for (keys, kind) in [
        ("credential_process = /bin/true", "`credential_process`"),
        (
            "sso_start_url = https://x\nsso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = r",
            "IAM Identity Center",
        ),
    ] {
        let text = format!("[profile work]\n{keys}\n");
        let files = ProfileFiles::builder().with_contents(ProfileFileKind::Config, text).build();
        let config = ProviderConfig::without_region().with_region(Some(Region::new("eu-west-1")));
        let config = config.with_http_client(http_client(true).expect("a client"));
        let provider = ProfileFileCredentialsProvider::builder().configure(&config);
        let provider = provider.profile_files(files).profile_name("work").build();
        let error = supported(SharedCredentialsProvider::new(provider)).provide_credentials().await;
        let words = chain(&error.expect_err("it was compiled out"));
        assert!(words.contains(kind) && words.contains("feature `profiles`"), "{words}");
    }
}
