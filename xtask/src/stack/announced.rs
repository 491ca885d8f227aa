//! What CloudFormation says of a stack and of what a change set would do, and whether that is more than a plan showed.

use std::collections::BTreeMap;

use super::change::{Action, Change};
use super::status::State;
use super::types::{Kind, Replaces};

/// A stack as CloudFormation tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// Its name with the prefix.
    pub name: String,
    /// Its ARN, which stays when the name is used again.
    pub id: String,
    /// `CREATE_COMPLETE` and so on.
    pub status: String,
    /// In words, where there are any.
    pub reason: Option<String>,
    /// By name.
    pub parameters: BTreeMap<String, String>,
    /// By name.
    pub outputs: BTreeMap<String, String>,
    /// By name.
    pub tags: BTreeMap<String, String>,
    /// Whether it cannot be deleted.
    pub protected: bool,
    /// The template that it was made with; empty while there was none.
    pub template: String,
    /// Names of change sets that were never executed.
    pub change_sets: Vec<String>,
}

impl Deployed {
    /// What its status means.
    pub fn state(&self) -> State {
        State::of(&self.status)
    }
}

/// One resource of a change set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// Its name in the template.
    pub resource: String,
    /// `AWS::S3::Bucket`.
    pub kind: String,
    /// What becomes of it.
    pub action: Action,
    /// Whether a new one takes its place.
    pub replaces: Replaces,
    /// The properties that change, as far as they are told.
    pub properties: Vec<String>,
    /// The resources whose values it takes, where nothing else changes it.
    pub follows: Vec<String>,
}

/// What a change set would replace or remove that the plan did not show.
///
/// | the plan shows | CloudFormation says | goes on |
/// |---|---|---|
/// | anything | adds, imports, or changes in place | yes |
/// | removes, replaces, may replace | removes or replaces, perhaps | yes |
/// | changes in place, the type is known | perhaps replaces | yes: the types' table knows the property to its last step |
/// | nothing, the type and the properties are known to stay | perhaps replaces | yes |
/// | neither it nor what it refers to replaced | perhaps replaces, only because of what it refers to | yes: those are judged themselves |
/// | otherwise | removes or replaces, perhaps | no |
pub fn unexpected(shown: &[Change], announced: &[Announced]) -> Vec<String> {
    let mut found = Vec::new();
    for change in announced {
        let plan = shown.iter().find(|shown| shown.resource == change.resource);
        let loud = plan.is_some_and(Change::is_loud);
        let kind = Kind::of(&change.kind);
        let in_place = |property: &String| {
            kind.is_some_and(|kind| kind.replaces(property, &serde_json::Value::Null) == Replaces::No)
        };
        // Whoever takes an attribute of what is changed in place is told as if it might be replaced (API Reference,
        // ResourceChange: where recreation is `Always` and the evaluation `Dynamic`, replacement is `Conditional`).
        let replaced = |name: &String| shown.iter().any(|shown| shown.resource == *name && shown.is_loud());
        let follows = !change.follows.is_empty() && !change.follows.iter().any(replaced);
        let known = match plan {
            Some(_) => kind.is_some(),
            None => !change.properties.is_empty() && change.properties.iter().all(in_place),
        };
        let word = match (change.action, change.replaces) {
            (Action::Remove, _) if !loud => "remove",
            (Action::Modify, Replaces::Yes) if !loud => "replace",
            (Action::Modify, Replaces::Maybe) if !loud && !known && !follows => "perhaps replace",
            _ => continue,
        };
        let because = match change.properties.as_slice() {
            [] => String::new(),
            names => format!(" because of {}", names.join(", ")),
        };
        found.push(format!("{word} `{}` ({}){because}", change.resource, change.kind));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(action: Action, replaces: Replaces) -> Change {
        let (resource, kind) = ("A".to_owned(), "AWS::SNS::Topic".to_owned());
        Change { resource, kind, action, replaces, stays: false, details: Vec::new() }
    }

    fn announced(kind: &str, action: Action, replaces: Replaces, property: &str) -> Announced {
        let (resource, kind, properties) = ("A".to_owned(), kind.to_owned(), vec![property.to_owned()]);
        Announced { resource, kind, action, replaces, properties, follows: Vec::new() }
    }

    #[test]
    fn what_only_follows_another_goes_with_it_and_not_further() {
        let policy = "AWS::S3::BucketPolicy";
        let follows =
            Announced { follows: vec!["B".to_owned()], ..announced(policy, Action::Modify, Replaces::Maybe, "Bucket") };
        let of = |replaces| vec![Change { resource: "B".to_owned(), ..shown(Action::Modify, replaces) }];
        let found = |plan: &[Change]| unexpected(plan, std::slice::from_ref(&follows));
        assert_eq!(found(&of(Replaces::No)), Vec::<String>::new());
        let told = ["perhaps replace `A` (AWS::S3::BucketPolicy) because of Bucket"];
        assert_eq!(found(&of(Replaces::Yes)), told, "the plan would have shown it");
        assert_eq!(unexpected(&[], &[announced(policy, Action::Modify, Replaces::Maybe, "Bucket")]), told);
        let sure = Announced { replaces: Replaces::Yes, ..follows.clone() };
        assert_eq!(unexpected(&of(Replaces::No), &[sure]).len(), 1);
    }

    #[test]
    fn only_what_was_shown_is_replaced_or_removed() {
        use Action::{Add, Modify, Remove};
        use Replaces::{Maybe, No, Yes};
        const TOPIC: &str = "AWS::SNS::Topic";
        let in_place = vec![shown(Modify, No)];
        let loud = vec![shown(Modify, Yes)];
        let removed = vec![shown(Remove, No)];
        for (plan, of_aws, goes_on) in [
            (&[][..], announced(TOPIC, Add, No, ""), true),
            (&[], announced(TOPIC, Modify, No, "Tags"), true),
            (&[], announced(TOPIC, Remove, No, ""), false),
            (&in_place, announced(TOPIC, Remove, No, ""), false),
            (&removed, announced(TOPIC, Remove, No, ""), true),
            (&[], announced(TOPIC, Modify, Yes, "TopicName"), false),
            (&in_place, announced(TOPIC, Modify, Yes, "TopicName"), false),
            (&loud, announced(TOPIC, Modify, Yes, "TopicName"), true),
            (&loud, announced(TOPIC, Modify, Maybe, "TopicName"), true),
            (&in_place, announced(TOPIC, Modify, Maybe, "DisplayName"), true),
            (&in_place, announced("AWS::New::Thing", Modify, Maybe, "A"), false),
            (&[], announced(TOPIC, Modify, Maybe, "DisplayName"), true),
            (&[], announced(TOPIC, Modify, Maybe, "TopicName"), false),
            (&[], announced("AWS::New::Thing", Modify, Maybe, "A"), false),
        ] {
            let found = unexpected(plan, std::slice::from_ref(&of_aws));
            assert_eq!(found.is_empty(), goes_on, "{plan:?} {of_aws:?} {found:?}");
        }
        let told = unexpected(&[], &[announced(TOPIC, Modify, Yes, "TopicName")]);
        assert_eq!(told, ["replace `A` (AWS::SNS::Topic) because of TopicName"]);
    }
}
