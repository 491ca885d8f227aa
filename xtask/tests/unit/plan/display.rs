//! How a long plan reads.

use super::{BASE, Case, ParameterValue, USER, template};

/// A page that cuts the end of a plan cuts nothing of this, and a terminal stops below the count.
#[test]
fn what_is_replaced_or_removed_stands_first_with_every_value_below() {
    let many = |value: &str| {
        let topic =
            |number| format!("  T{number}: {{Type: 'AWS::SNS::Topic', Properties: {{DisplayName: {value}}}}}\n");
        BASE.replace("Resources:\n", &format!("Resources:\n{}", (0..490).map(topic).collect::<String>()))
    };
    let mut case = Case::made();
    case.deploy("base", &many("a"), &[("ProjectName", "dpstack")], &[("TopicName", "t"), ("BucketName", "b")]);
    let text = many("b").replace("${ProjectName}-${AWS::Region}", "${ProjectName}-other");
    case.templates[0] = template("base", &text);
    let text = case.plan().to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.len() > 900, "{}", lines.len());
    let first = ["", "Replaced or removed: 1 resource, 1 with data that is lost"];
    assert_eq!(lines[1..3], first, "{text}");
    assert_eq!(lines[3], "  base: ! Bucket  AWS::S3::Bucket  is replaced; what the old one holds is lost");
    assert!(text.contains("\n      BucketName: dpstack-eu-west-1 -> dpstack-other\n"), "{text}");
    let last = ["Replaced or removed: 1 resource, 1 with data that is lost (listed first)", ""];
    assert_eq!(lines[lines.len() - 3..lines.len() - 1], last);
}

#[test]
fn what_is_replaced_gives_another_output_and_that_is_shown_where_it_is_taken() {
    let mut case = Case::made();
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
