//! Short tags, and what values refer to.

use super::*;

fn read(text: &str) -> (Value, Vec<Finding>) {
    let mut found = Vec::new();
    let value = long_form(serde_yaml::from_str(text).expect("YAML"), &mut Vec::new(), &mut found);
    (value, found)
}

#[test]
fn short_tags_become_the_long_form_at_every_depth() {
    let (value, found) = read("a: !If [C, !Ref X, !Sub '${Y.Z}-${!w}-${v}']\nb: [!GetAtt R.A.B, {c: !Not [1]}]");
    assert_eq!(found, []);
    let wanted = json!({
        "a": {"Fn::If": ["C", {"Ref": "X"}, {"Fn::Sub": "${Y.Z}-${!w}-${v}"}]},
        "b": [{"Fn::GetAtt": ["R", "A.B"]}, {"c": {"Fn::Not": [1]}}],
    });
    assert_eq!(value, wanted);
    let mut found = Vec::new();
    references(&value, &mut Vec::new(), &mut found);
    let names: Vec<Reference> = found.into_iter().map(|(_, reference)| reference).collect();
    use Reference::{Attribute, Condition, Name};
    let wanted =
        [Condition("C".into()), Name("X".into()), Attribute("Y".into()), Name("v".into()), Attribute("R".into())];
    assert_eq!(names, wanted);
}

#[test]
fn what_is_no_function_of_a_plain_template_is_told_with_its_path() {
    let (_, found) = read("a: [!ImportValue x, !Transform y, !GetAtt z]");
    let paths: Vec<String> = found.iter().map(|(path, _)| path.join(".")).collect();
    assert_eq!(paths, ["a.0", "a.1", "a.2"]);
}
