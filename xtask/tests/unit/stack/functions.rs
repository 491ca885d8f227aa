//! Tests short tags, and the references in values.

use super::*;

fn read(text: &str) -> (Value, Vec<Finding>) {
    let mut found = Vec::new();
    let value = long_form(serde_yaml::from_str(text).expect("YAML"), &[], &mut found);
    (value, found)
}

#[test]
fn short_tags_become_the_long_form_at_every_depth() {
    let (value, found) = read("a: !If [C, !Ref X, !Sub '${Y.Z}-${!w}-${v}']\nb: [!GetAtt R.A.B, {c: !Not [1]}]");
    assert_eq!(found, []);
    let expected = json!({
        "a": {"Fn::If": ["C", {"Ref": "X"}, {"Fn::Sub": "${Y.Z}-${!w}-${v}"}]},
        "b": [{"Fn::GetAtt": ["R", "A.B"]}, {"c": {"Fn::Not": [1]}}],
    });
    assert_eq!(value, expected);
    let names: Vec<Reference> = references(&value, &[]).into_iter().map(|(_, reference)| reference).collect();
    use Reference::{Attribute, Condition, Name};
    let expected =
        [Condition("C".into()), Name("X".into()), Attribute("Y".into()), Name("v".into()), Attribute("R".into())];
    assert_eq!(names, expected);
}

#[test]
fn an_unsupported_function_is_reported_with_its_path() {
    let (_, found) = read("a: [!ImportValue x, !Transform y, !GetAtt z]");
    let paths: Vec<String> = found.iter().map(|(path, _)| path.join(".")).collect();
    assert_eq!(paths, ["a.0", "a.1", "a.2"]);
}
