use aws_config::Region;
use object_store::aws::AmazonS3ConfigKey;

use super::*;

fn endpoint_of(config: &SdkConfig) -> Option<String> {
    builder(config, ClientOptions::new()).expect("a builder").get_config_value(&AmazonS3ConfigKey::Endpoint)
}

#[test]
fn the_endpoint_is_in_the_domain_of_the_partition_unless_another_is_set() {
    let config = |region: &'static str| SdkConfig::builder().region(Region::new(region));
    for (config, expected) in [
        (config("eu-west-3"), "https://s3.eu-west-3.amazonaws.com"),
        (config("cn-north-1"), "https://s3.cn-north-1.amazonaws.com.cn"),
        (config("us-gov-west-1").use_fips(true), "https://s3-fips.us-gov-west-1.amazonaws.com"),
        (config("eu-west-3").use_dual_stack(true), "https://s3.dualstack.eu-west-3.amazonaws.com"),
        (config("eu-west-3").endpoint_url("http://127.0.0.1:9000"), "http://127.0.0.1:9000"),
    ] {
        assert_eq!(endpoint_of(&config.build()).as_deref(), Some(expected));
    }
}
