//! Tests plans as text.

use super::{BASE, Case, ParameterValue, USER, template};

/// A truncated page still shows the replacements, and terminal output ends with their number.
#[test]
fn replacements_come_first_and_are_counted_last() {
    let many = |value: &str| {
        let topic =
            |number| format!("  T{number}: {{Type: 'AWS::SNS::Topic', Properties: {{DisplayName: {value}}}}}\n");
        BASE.replace("Resources:\n", &format!("Resources:\n{}", (0..490).map(topic).collect::<String>()))
    };
    let mut case = Case::deployed();
    case.deploy("base", &many("a"), &[("ProjectName", "dpstack")], &[("TopicName", "t"), ("BucketName", "b")]);
    let text = many("b").replace("${ProjectName}-${AWS::Region}", "${ProjectName}-other");
    case.templates[0] = template("base", &text);
    let text = case.plan().to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() > 900, "{}", lines.len());
    let first = ["", "Replaced or removed: 1 resource, 1 with data loss"];
    assert_eq!(lines[1..3], first, "{text}");
    assert_eq!(lines[3], "  base: ! Bucket  AWS::S3::Bucket  is replaced; the old resource's data is lost");
    assert!(text.contains("\n      BucketName: dpstack-eu-west-1 -> dpstack-other\n"), "{text}");
    let last = ["Replaced or removed: 1 resource, 1 with data loss (listed first)", ""];
    assert_eq!(lines[lines.len() - 3..lines.len() - 1], last);
}

#[test]
fn a_replaced_resource_makes_dependent_parameters_pending() {
    let mut case = Case::deployed();
    case.templates[0] = template("base", &BASE.replace("TopicName: !Ref ProjectName", "TopicName: other"));
    case.templates[1] = template("user", &USER.replace("'AWS::Batch::JobQueue'", "'AWS::Logs::LogGroup'"));
    let text = USER.replace("'AWS::Batch::JobQueue'", "'AWS::Logs::LogGroup'");
    let parameters = [("TopicName", "t"), ("DbtImageDigest", "sha256:1"), ("RequirementsVersion", "v1")];
    case.deploy("user", &text, &parameters, &[]);
    let plan = case.plan();
    assert_eq!(
        plan.stack("user").expect("planned").parameters["TopicName"],
        ParameterValue::Pending("output:base.TopicName".to_owned())
    );
    let text = plan.to_string();
    assert!(
        text.contains("Replaced or removed: 1 resource\n  base: ! Topic  AWS::SNS::Topic  is replaced\n"),
        "{text}"
    );
}
