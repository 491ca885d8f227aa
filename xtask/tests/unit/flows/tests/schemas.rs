//! Tests the differences from a schema.

use serde_json::json;

use super::*;

#[test]
fn each_difference_is_reported_with_its_property() {
    let topic = ResourceType::of("AWS::SNS::Topic").expect("known");
    let mut schema = json!({
        "properties": {"TopicName": {}},
        "createOnlyProperties": ["/properties/TopicName", "/properties/FifoTopic"],
    });
    assert_eq!(difference(topic, &schema), None);
    schema["createOnlyProperties"] = json!(["/properties/TopicName", "/properties/Archive/Policy"]);
    schema["conditionalCreateOnlyProperties"] = json!(["/properties/Tags"]);
    schema["properties"] = json!({});
    let expected = "AWS::SNS::Topic: createOnlyProperties also has Archive/Policy; createOnlyProperties does not have \
                 FifoTopic; conditionalCreateOnlyProperties also has Tags; property TopicName does not exist";
    assert_eq!(difference(topic, &schema).as_deref(), Some(expected));
}
