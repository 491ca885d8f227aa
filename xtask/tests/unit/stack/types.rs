//! Tests which property changes replace a resource.

use serde_json::json;

use super::*;

fn replaces(name: &str, path: &str, properties: &Value) -> Replaces {
    ResourceType::of(name).expect("known").replaces(path, properties)
}

#[test]
fn a_fixed_property_counts_at_every_depth_and_others_do_not() {
    let none = json!({});
    for (name, path, found) in [
        ("AWS::S3::Bucket", "BucketName", Replaces::Yes),
        ("AWS::S3::Bucket", "Tags/0/Value", Replaces::No),
        ("AWS::MWAA::Environment", "NetworkConfiguration/SubnetIds/1", Replaces::Yes),
        ("AWS::MWAA::Environment", "NetworkConfiguration", Replaces::Yes),
        ("AWS::MWAA::Environment", "NetworkConfiguration/SecurityGroupIds", Replaces::No),
        ("AWS::MWAA::Environment", "KmsKeyOther", Replaces::No),
        ("AWS::Batch::ComputeEnvironment", "ComputeResources/Subnets/0", Replaces::Maybe),
    ] {
        assert_eq!(replaces(name, path, &none), found, "{name} {path}");
    }
}

#[test]
fn a_compute_environment_that_may_be_updated_in_place_is() {
    let properties = json!({"ReplaceComputeEnvironment": false});
    assert_eq!(replaces("AWS::Batch::ComputeEnvironment", "ComputeResources/Subnets", &properties), Replaces::No);
    assert_eq!(replaces("AWS::Batch::ComputeEnvironment", "Tags/project", &properties), Replaces::Yes);
    let role = json!({"ReplaceComputeEnvironment": false, "ServiceRole": "arn"});
    assert_eq!(replaces("AWS::Batch::ComputeEnvironment", "ComputeResources/Subnets", &role), Replaces::Maybe);
}
