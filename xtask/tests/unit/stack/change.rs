//! Tests the predicted changes between two versions of a small template.

use std::collections::BTreeMap;

use super::super::resolve::{ParameterValue, resolve};
use super::super::template::Template;
use super::*;
use crate::settings::Document;

const NETWORK: &str = "
Description: d
Parameters:
  Cidr: {Type: String}
  Zones: {Type: CommaDelimitedList}
  Logs: {Type: String}
Conditions:
  HasLogs: !Equals [!Ref Logs, 'true']
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: !Ref Cidr, EnableDnsSupport: true}}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, AvailabilityZone: !Select [0, !Ref Zones], Tags: [{Key: Name, Value: !Sub 'a-${Cidr}'}]}
  Group:
    Type: AWS::Logs::LogGroup
    Condition: HasLogs
    Properties: {LogGroupName: flow, RetentionInDays: 14}
Outputs:
  VpcId: {Value: !Ref Vpc}
";

fn template(text: &str) -> Template {
    Template::parse("t", Document { file: "t.yaml", text }).expect("a template")
}

fn given(values: &[(&str, &str)]) -> BTreeMap<String, ParameterValue> {
    values.iter().map(|(name, value)| ((*name).to_owned(), ParameterValue::Known((*value).to_owned()))).collect()
}

const USUAL: [(&str, &str); 3] = [("Cidr", "10.0.0.0/16"), ("Zones", "a,b"), ("Logs", "true")];

fn with(name: &str, value: &str) -> BTreeMap<String, ParameterValue> {
    let mut values = given(&USUAL);
    values.insert(name.to_owned(), ParameterValue::Known(value.to_owned()));
    values
}

fn between(
    before: (&str, &BTreeMap<String, ParameterValue>),
    after: (&str, &BTreeMap<String, ParameterValue>),
) -> Vec<Change> {
    changes(&resolve(&template(before.0), before.1), &resolve(&template(after.0), after.1))
}

fn shown(changes: &[Change]) -> Vec<String> {
    changes.iter().map(ToString::to_string).collect()
}

#[test]
fn the_same_is_no_change_however_it_is_written() {
    let usual = given(&USUAL);
    let other = NETWORK
        .replace("EnableDnsSupport: true", "EnableDnsSupport: 'true'")
        .replace("Description: d", "Description: e");
    assert_eq!(between((NETWORK, &usual), (&other, &usual)), []);
    let later = NETWORK.replace("Condition: HasLogs\n", "Condition: HasLogs\n    DependsOn: Vpc\n");
    assert_eq!(between((NETWORK, &usual), (&later, &usual)), [], "DependsOn is no change");
}

#[test]
fn a_value_that_differs_is_shown_with_both_sides() {
    let usual = given(&USUAL);
    let other = NETWORK.replace("RetentionInDays: 14", "RetentionInDays: 30");
    let found = between((NETWORK, &usual), (&other, &usual));
    assert_eq!(shown(&found), ["~ Group  AWS::Logs::LogGroup\n    RetentionInDays: 14 -> 30"]);
    assert!(!found[0].is_removal());
}

#[test]
fn a_replacement_replaces_what_depends_on_it() {
    let found = between((NETWORK, &given(&USUAL)), (NETWORK, &with("Cidr", "10.1.0.0/16")));
    assert_eq!(
        shown(&found),
        [
            "! Subnet  AWS::EC2::Subnet  is replaced\n    Tags/0/Value: a-10.0.0.0/16 -> a-10.1.0.0/16\n    VpcId: Vpc -> <new Vpc>",
            "! Vpc  AWS::EC2::VPC  is replaced\n    CidrBlock: 10.0.0.0/16 -> 10.1.0.0/16",
        ]
    );
    assert!(found.iter().all(Change::is_removal) && !found.iter().any(Change::loses_data));
}

#[test]
fn a_changed_condition_adds_or_removes() {
    let found = between((NETWORK, &given(&USUAL)), (NETWORK, &with("Logs", "false")));
    assert_eq!(shown(&found), ["- Group  AWS::Logs::LogGroup  is removed with its data"]);
    let back = between((NETWORK, &with("Logs", "false")), (NETWORK, &given(&USUAL)));
    assert_eq!(shown(&back), ["+ Group  AWS::Logs::LogGroup"]);
}

#[test]
fn a_list_item_changes_only_what_selects_it() {
    let second = between((NETWORK, &given(&USUAL)), (NETWORK, &with("Zones", "a,c")));
    assert_eq!(shown(&second), Vec::<String>::new());
    let first = between((NETWORK, &given(&USUAL)), (NETWORK, &with("Zones", "d,b")));
    assert_eq!(shown(&first), ["! Subnet  AWS::EC2::Subnet  is replaced\n    AvailabilityZone: a -> d"]);
    let joined =
        NETWORK.replace("LogGroupName: flow", "LogGroupName: !Join ['', [flo, !Select [1, !Split [',', 'v,w']]]]");
    assert_eq!(between((NETWORK, &given(&USUAL)), (&joined, &given(&USUAL))), []);
    let mut pending = given(&USUAL);
    pending.insert("Zones".to_owned(), ParameterValue::Pending("output:other.Zones".to_owned()));
    let unknown = between((NETWORK, &given(&USUAL)), (NETWORK, &pending));
    assert!(shown(&unknown)[0].contains("<output:other.Zones>"), "{unknown:?}");
}

#[test]
fn a_policy_alone_is_a_change_and_replaces_nothing() {
    let usual = given(&USUAL);
    let keeps = NETWORK.replace("Condition: HasLogs\n", "Condition: HasLogs\n    DeletionPolicy: Retain\n");
    let found = between((NETWORK, &usual), (&keeps, &usual));
    assert_eq!(shown(&found), ["~ Group  AWS::Logs::LogGroup\n    DeletionPolicy: Retain"]);
}

#[test]
fn a_retention_policy_is_shown() {
    let keeps =
        NETWORK.replace("Condition: HasLogs\n", "Condition: HasLogs\n    DeletionPolicy: RetainExceptOnCreate\n");
    let found = between((&keeps, &given(&USUAL)), (&keeps, &with("Logs", "false")));
    assert_eq!(shown(&found), ["- Group  AWS::Logs::LogGroup  is removed from the stack and retained"]);
}

#[test]
fn a_pending_value_differs_and_names_its_source() {
    let mut values = given(&USUAL);
    values.insert("Cidr".to_owned(), ParameterValue::Pending("output:other.Cidr".to_owned()));
    let found = between((NETWORK, &given(&USUAL)), (NETWORK, &values));
    assert!(shown(&found)[1].contains("10.0.0.0/16 -> <output:other.Cidr>"), "{found:?}");
}

#[test]
fn an_unknown_type_may_be_replaced() {
    let other = "Description: d\nResources:\n  X: {Type: 'AWS::New::Thing', Properties: {A: 1}}";
    let none = BTreeMap::new();
    let found = between((other, &none), (&other.replace("A: 1", "A: 2"), &none));
    assert_eq!(shown(&found), ["! X  AWS::New::Thing  may be replaced\n    A: 1 -> 2"]);
    assert!(found[0].loses_data(), "it may hold data");
}

#[test]
fn a_fixed_name_cannot_be_replaced_unless_it_changes() {
    let queue = "Description: d\nResources:\n  Q: {Type: 'AWS::Batch::JobQueue', Properties: {JobQueueName: q, JobQueueType: A}}";
    let none = BTreeMap::new();
    let old = resolve(&template(queue), &none);
    let refused = |after: &str| blocked(&old, &changes(&old, &resolve(&template(after), &none)));
    let kind = queue.replace("JobQueueType: A", "JobQueueType: B");
    assert_eq!(refused(&kind), ["`Q` (AWS::Batch::JobQueue) would be replaced because of JobQueueType"]);
    assert_eq!(refused(&kind.replace("JobQueueName: q", "JobQueueName: r")), Vec::<String>::new());
}

#[test]
fn new_tags_replace_only_a_compute_environment_and_unknown_types() {
    for (kind, accepts) in [
        ("AWS::S3::Bucket", true),
        ("AWS::Batch::JobQueue", true),
        ("AWS::Batch::ComputeEnvironment", false),
        ("AWS::Unknown::Type", false),
    ] {
        let text = format!("Description: d\nResources:\n  One: {{Type: '{kind}', Properties: {{}}}}");
        assert_eq!(resolve(&template(&text), &BTreeMap::new()).accepts_tags(), accepts, "{kind}");
    }
}

#[test]
fn every_type_of_the_templates_is_known() {
    for text in [
        include_str!("../../../../infra/compute.yaml"),
        include_str!("../../../../infra/monitoring.yaml"),
        include_str!("../../../../infra/network.yaml"),
        include_str!("../../../../infra/orchestration.yaml"),
        include_str!("../../../../infra/registry.yaml"),
        include_str!("../../../../infra/storage.yaml"),
        include_str!("../../../../infra/warehouse.yaml"),
    ] {
        for body in template(text).resources.values() {
            assert!(ResourceType::of(&kind_of(body)).is_some(), "{body}");
        }
    }
}

fn planned(action: Action, replaces: Replaces) -> Change {
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
    let of = |replaces| vec![Change { resource: "B".to_owned(), ..planned(Action::Modify, replaces) }];
    let found = |plan: &[Change]| unplanned(plan, std::slice::from_ref(&follows));
    assert_eq!(found(&of(Replaces::No)), Vec::<String>::new());
    let message = ["possibly replace `A` (AWS::S3::BucketPolicy) because of Bucket"];
    assert_eq!(found(&of(Replaces::Yes)), message, "the plan would have shown it");
    assert_eq!(unplanned(&[], &[entry(policy, Action::Modify, Replaces::Maybe, "Bucket")]), message);
    let sure = ChangeSetEntry { replaces: Replaces::Yes, ..follows.clone() };
    assert_eq!(unplanned(&of(Replaces::No), &[sure]).len(), 1);
}

#[test]
fn unplanned_replacements_and_removals_are_found() {
    use Action::{Add, Modify, Remove};
    use Replaces::{Maybe, No, Yes};
    const TOPIC: &str = "AWS::SNS::Topic";
    let in_place = vec![planned(Modify, No)];
    let removal = vec![planned(Modify, Yes)];
    let removed = vec![planned(Remove, No)];
    for (plan, entry_of_aws, is_planned) in [
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
        let found = unplanned(plan, std::slice::from_ref(&entry_of_aws));
        assert_eq!(found.is_empty(), is_planned, "{plan:?} {entry_of_aws:?} {found:?}");
    }
    let message = unplanned(&[], &[entry(TOPIC, Modify, Yes, "TopicName")]);
    assert_eq!(message, ["replace `A` (AWS::SNS::Topic) because of TopicName"]);
}
