//! Rules for buckets, keys, image repositories, and the topic.

use serde_json::Value;

use super::policy::{PolicyKind, statements};
use super::{Rule, Stacks, of_type, texts};

const BUCKET: &str = "AWS::S3::Bucket";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "every bucket has access logs in another bucket, except that bucket itself",
        broken: |stacks| {
            let logs = |body: &Value| texts(&body["Properties"]["LoggingConfiguration"]["DestinationBucketName"]);
            let other = [r#"{"Ref":"AccessLogBucket"}"#];
            let lacks = |(place, body): &(String, &Value)| place != "storage.AccessLogBucket" && logs(body) != other;
            of_type(stacks, BUCKET).filter(lacks).map(|(place, _)| place).collect()
        },
    },
    Rule {
        name: "every bucket is encrypted with a customer managed key, except the access log bucket",
        broken: |stacks| {
            let at = "/Properties/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault";
            let keeps = |place: &str, body: &Value| {
                let found = body.pointer(at).unwrap_or(&Value::Null);
                match place {
                    "storage.AccessLogBucket" => found["SSEAlgorithm"] == "AES256",
                    _ => found["SSEAlgorithm"] == "aws:kms" && found["KMSMasterKeyID"]["Fn::GetAtt"].is_array(),
                }
            };
            of_type(stacks, BUCKET).filter(|(place, body)| !keeps(place, body)).map(|(place, _)| place).collect()
        },
    },
    Rule {
        name: "every bucket refuses requests without TLS 1.2",
        broken: |stacks| {
            let buckets = of_type(stacks, BUCKET).map(|(place, _)| place);
            buckets
                .filter(|place| {
                    !refuses(stacks, place, "aws:SecureTransport", "false")
                        || !refuses(stacks, place, "s3:TlsVersion", "1.2")
                })
                .collect()
        },
    },
    Rule {
        name: "raw/ and receipts/ are written once or replaced by version, and parts of multipart uploads are allowed",
        broken: |stacks| {
            let once = statements(stacks).into_iter().any(|statement| {
                let resources = statement.resources().join(" ");
                statement.place.starts_with("storage.LakeBucketPolicy")
                    && !statement.allows()
                    && statement.actions() == ["s3:PutObject"]
                    && statement.body["Principal"] == "*"
                    && statement.body["Condition"]
                        == serde_json::json!({
                            "Null": {"s3:if-none-match": "true", "s3:if-match": "true"},
                            "Bool": {"s3:ObjectCreationOperation": "true"}
                        })
                    && resources.contains("/raw/*")
                    && resources.contains("/receipts/*")
            });
            if once { Vec::new() } else { vec!["storage.LakeBucketPolicy".to_owned()] }
        },
    },
    Rule {
        name: "a topic requires TLS",
        broken: |stacks| {
            let policies: Vec<String> =
                of_type(stacks, "AWS::SNS::Topic").map(|(place, _)| format!("{place}Policy")).collect();
            let refuses = |policy: &String| {
                statements(stacks).into_iter().any(|statement| {
                    statement.place.starts_with(policy)
                        && !statement.allows()
                        && statement.body["Principal"] == "*"
                        && statement.condition("aws:SecureTransport").is_some_and(|value| value == "false")
                })
            };
            policies.into_iter().filter(|policy| !refuses(policy)).collect()
        },
    },
    Rule {
        name: "resources with data, and their keys, are retained",
        broken: |stacks| {
            let holds = [BUCKET, "AWS::RedshiftServerless::Namespace", "AWS::KMS::Key"];
            // The alarm key encrypts no stored data.
            let all = holds.into_iter().flat_map(|kind| of_type(stacks, kind));
            let lacks = |(place, body): &(String, &Value)| {
                place != "monitoring.AlarmKey"
                    && (body["DeletionPolicy"] != "RetainExceptOnCreate" || body["UpdateReplacePolicy"] != "Retain")
            };
            all.filter(lacks).map(|(place, _)| place).collect()
        },
    },
];

/// Returns whether a bucket's policy denies, under a condition, all requests to the bucket and its objects from all
/// principals.
fn refuses(stacks: &Stacks, bucket: &str, key: &str, value: &str) -> bool {
    let name = bucket.trim_start_matches("storage.");
    let own = [format!(r#"{{"Fn::GetAtt":["{name}","Arn"]}}"#), format!(r#"{{"Fn::Sub":"${{{name}.Arn}}/*"}}"#)];
    statements(stacks).into_iter().any(|statement| {
        statement.kind == PolicyKind::Resource
            && !statement.allows()
            && statement.body["Principal"] == "*"
            && statement.actions() == ["s3:*"]
            && statement.resources() == own
            && statement.condition(key).is_some_and(|found| found == value)
    })
}
