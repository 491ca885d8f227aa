//! Change sets compared with plans.

use super::*;

fn shown(action: Action, replaces: Replaces) -> Change {
    let (resource, kind) = ("A".to_owned(), "AWS::SNS::Topic".to_owned());
    Change { resource, kind, action, replaces, retained: false, details: Vec::new() }
}

fn entry(kind: &str, action: Action, replaces: Replaces, property: &str) -> ChangeSetEntry {
    let (resource, kind, properties) = ("A".to_owned(), kind.to_owned(), vec![property.to_owned()]);
    ChangeSetEntry { resource, kind, action, replaces, properties, follows: Vec::new() }
}

#[test]
fn a_resource_that_only_follows_others_counts_with_them() {
    let policy = "AWS::S3::BucketPolicy";
    let follows =
        ChangeSetEntry { follows: vec!["B".to_owned()], ..entry(policy, Action::Modify, Replaces::Maybe, "Bucket") };
    let of = |replaces| vec![Change { resource: "B".to_owned(), ..shown(Action::Modify, replaces) }];
    let found = |plan: &[Change]| unplanned(plan, std::slice::from_ref(&follows));
    assert_eq!(found(&of(Replaces::No)), Vec::<String>::new());
    let words = ["perhaps replace `A` (AWS::S3::BucketPolicy) because of Bucket"];
    assert_eq!(found(&of(Replaces::Yes)), words, "the plan would have shown it");
    assert_eq!(unplanned(&[], &[entry(policy, Action::Modify, Replaces::Maybe, "Bucket")]), words);
    let sure = ChangeSetEntry { replaces: Replaces::Yes, ..follows.clone() };
    assert_eq!(unplanned(&of(Replaces::No), &[sure]).len(), 1);
}

#[test]
fn unplanned_replacements_and_removals_are_found() {
    use Action::{Add, Modify, Remove};
    use Replaces::{Maybe, No, Yes};
    const TOPIC: &str = "AWS::SNS::Topic";
    let in_place = vec![shown(Modify, No)];
    let removal = vec![shown(Modify, Yes)];
    let removed = vec![shown(Remove, No)];
    for (plan, of_aws, goes_on) in [
        (&[][..], entry(TOPIC, Add, No, ""), true),
        (&[], entry(TOPIC, Modify, No, "Tags"), true),
        (&[], entry(TOPIC, Remove, No, ""), false),
        (&in_place, entry(TOPIC, Remove, No, ""), false),
        (&removed, entry(TOPIC, Remove, No, ""), true),
        (&[], entry(TOPIC, Modify, Yes, "TopicName"), false),
        (&in_place, entry(TOPIC, Modify, Yes, "TopicName"), false),
        (&removal, entry(TOPIC, Modify, Yes, "TopicName"), true),
        (&removal, entry(TOPIC, Modify, Maybe, "TopicName"), true),
        (&in_place, entry(TOPIC, Modify, Maybe, "DisplayName"), true),
        (&in_place, entry("AWS::New::Thing", Modify, Maybe, "A"), false),
        (&[], entry(TOPIC, Modify, Maybe, "DisplayName"), true),
        (&[], entry(TOPIC, Modify, Maybe, "TopicName"), false),
        (&[], entry("AWS::New::Thing", Modify, Maybe, "A"), false),
    ] {
        let found = unplanned(plan, std::slice::from_ref(&of_aws));
        assert_eq!(found.is_empty(), goes_on, "{plan:?} {of_aws:?} {found:?}");
    }
    let words = unplanned(&[], &[entry(TOPIC, Modify, Yes, "TopicName")]);
    assert_eq!(words, ["replace `A` (AWS::SNS::Topic) because of TopicName"]);
}
