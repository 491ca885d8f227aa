//! Plans of two small stacks: `base` gives a topic's ARN and a name, `user` takes them, a digest and a version.

mod display;

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::failure::Failure;
use crate::settings::{Document, Level, Settings, Variables};
use crate::stack::{self, Action, Dependencies, Deployed, Source, Template};

const BASE: &str = "
Description: d
Parameters:
  ProjectName: {Type: String}
Resources:
  Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Ref ProjectName, DisplayName: one}}
  Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Sub '${ProjectName}-${AWS::Region}'}}
Outputs:
  TopicName: {Value: !GetAtt Topic.TopicName}
  BucketName: {Value: !Ref Bucket}
";
const USER: &str = "
Description: d
Parameters:
  TopicName: {Type: String}
  DbtImageDigest: {Type: String}
  RequirementsVersion: {Type: String}
Resources:
  Queue: {Type: 'AWS::Batch::JobQueue', Properties: {JobQueueName: !Ref TopicName, JobQueueType: A}}
  Job: {Type: 'AWS::Batch::JobDefinition', Properties: {Image: !Ref DbtImageDigest, V: !Ref RequirementsVersion}}
";

fn template(name: &str, text: &str) -> Template {
    Template::parse(name, Document { file: name, text }).expect("a template")
}

fn settings() -> Settings {
    let own = Document { file: "dev.yaml", text: include_str!("../../../../infra/settings/dev.yaml") };
    crate::settings::resolve("dev", own, None, &Variables::new()).expect("no problems").settings
}

/// What is known; a test changes it.
struct Case {
    templates: Vec<Template>,
    deployed: BTreeMap<String, Deployed>,
    only: Vec<String>,
    images: BTreeMap<String, ParameterValue>,
    objects: BTreeMap<String, ParameterValue>,
    existing: stack::Existing,
    protect: bool,
}

fn known(value: &str) -> ParameterValue {
    ParameterValue::Known(value.to_owned())
}

impl Case {
    /// Nothing is there, nothing is built.
    fn empty() -> Self {
        Self {
            templates: vec![template("base", BASE), template("user", USER)],
            deployed: BTreeMap::new(),
            only: Vec::new(),
            images: BTreeMap::new(),
            objects: BTreeMap::new(),
            existing: stack::Existing::new(),
            protect: false,
        }
    }

    /// Both stacks are there, as they shall be.
    fn made() -> Self {
        let mut case = Self::empty();
        case.images.insert("dbt-image".to_owned(), known("sha256:1"));
        case.objects.insert("requirements.txt".to_owned(), known("v1"));
        case.deploy("base", BASE, &[("ProjectName", "dpstack")], &[("TopicName", "t"), ("BucketName", "b")]);
        let parameters = [("TopicName", "t"), ("DbtImageDigest", "sha256:1"), ("RequirementsVersion", "v1")];
        case.deploy("user", USER, &parameters, &[]);
        case
    }

    fn deploy(&mut self, name: &str, text: &str, parameters: &[(&str, &str)], outputs: &[(&str, &str)]) {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let deployed = Deployed {
            name: format!("P-{name}"),
            id: format!("arn:{name}"),
            status: "CREATE_COMPLETE".to_owned(),
            reason: None,
            parameters: map(parameters),
            outputs: map(outputs),
            tags: BTreeMap::from([(stack::TAG.to_owned(), "dev".to_owned())]),
            protected: false,
            template: text.to_owned(),
            change_sets: Vec::new(),
        };
        self.deployed.insert(name.to_owned(), deployed);
    }

    fn dependencies(&self) -> Dependencies {
        stack::connect(&self.templates, &stack::settings(&settings())).expect("wired")
    }

    fn stacks(&self) -> Result<Vec<StackPlan>, Failure> {
        let dependencies = self.dependencies();
        stacks(&PlanInput {
            prefix: "P",
            place: &BTreeMap::from([("AWS::Region".to_owned(), known("eu-west-1"))]),
            templates: &self.templates,
            dependencies: &dependencies,
            deployed: &self.deployed,
            wanted: &if self.only.is_empty() {
                dependencies.stacks.keys().cloned().collect()
            } else {
                self.only.iter().cloned().collect()
            },
            images: &self.images,
            objects: &self.objects,
            existing: &self.existing,
            protect: self.protect,
            change_sets: "dpworld-",
            module: "dev",
        })
    }

    fn plan(&self) -> Plan {
        let deployment =
            Deployment { settings: "dev".to_owned(), account: "1".to_owned(), region: "eu-west-1".to_owned() };
        let stacks = self.stacks().expect("a plan");
        let digest = self.images.get("dbt-image").map(ParameterValue::shown);
        let images = vec![ImageStep { image: "dbt-image".to_owned(), key: "k".to_owned(), digest }];
        Plan { deployment, stacks, left_alone: Vec::new(), images, dags: None, warehouse: None }
    }

    fn actions(&self) -> Vec<StackAction> {
        self.stacks().expect("a plan").into_iter().map(|stack| stack.action).collect()
    }

    fn refused(&self) -> String {
        self.stacks().expect_err("no plan").to_string()
    }
}

#[test]
fn from_nothing_everything_is_made_and_what_is_not_known_says_what_it_waits_for() {
    let plan = Case::empty().plan();
    assert_eq!(
        plan.stacks.iter().map(|stack| stack.action).collect::<Vec<_>>(),
        [StackAction::Create, StackAction::Create]
    );
    let user = plan.stack("user").expect("planned");
    let pending = |what: &str| ParameterValue::Pending(what.to_owned());
    let wanted = BTreeMap::from([
        ("TopicName".to_owned(), pending("output:base.TopicName")),
        ("DbtImageDigest".to_owned(), pending("image:dbt-image")),
        ("RequirementsVersion".to_owned(), pending("object:requirements.txt")),
    ]);
    assert_eq!(user.parameters, wanted);
    assert!(user.changes.iter().all(|change| change.action == Action::Add) && !plan.is_idle());
}

#[test]
fn what_is_as_it_shall_be_is_left_alone() {
    let plan = Case::made().plan();
    assert!(plan.is_idle(), "{plan}");
    assert!(plan.to_string().contains("Nothing to do"));
}

#[test]
fn comments_and_descriptions_are_nothing_to_deploy() {
    let mut case = Case::made();
    case.templates[0] = template("base", &format!("# new\n{}", BASE.replace("Description: d", "Description: e")));
    assert_eq!(case.actions(), [StackAction::Keep, StackAction::Keep]);
}

#[test]
fn a_change_in_place_leaves_those_alone_that_take_its_outputs() {
    let mut case = Case::made();
    case.templates[0] = template("base", &BASE.replace("DisplayName: one", "DisplayName: two"));
    assert_eq!(case.actions(), [StackAction::Update, StackAction::Keep]);
}

#[test]
fn a_fixed_name_is_not_replaced_and_the_way_round_is_told() {
    let mut case = Case::made();
    case.templates[1] = template("user", &USER.replace("JobQueueType: A", "JobQueueType: B"));
    let told = case.refused();
    assert!(
        told.contains("in `user` `Queue` (AWS::Batch::JobQueue) would be replaced because of JobQueueType"),
        "{told}"
    );
}

#[test]
fn a_state_from_which_nothing_follows_is_refused_all_at_once() {
    let mut case = Case::made();
    for stack in case.deployed.values_mut() {
        stack.status = "UPDATE_ROLLBACK_FAILED".to_owned();
    }
    let told = case.refused();
    assert!(told.contains("`P-base` is UPDATE_ROLLBACK_FAILED") && told.contains("`P-user` is"), "{told}");
    // One that is not asked for is not looked at.
    case.only = vec!["base".to_owned()];
    case.deployed.get_mut("base").expect("there").status = "UPDATE_COMPLETE".to_owned();
    assert_eq!(case.actions(), [StackAction::Keep]);
}

#[test]
fn what_never_came_to_be_is_made_anew_and_what_is_under_way_is_waited_for() {
    let mut case = Case::made();
    case.deployed.get_mut("base").expect("there").status = "REVIEW_IN_PROGRESS".to_owned();
    case.deployed.get_mut("user").expect("there").status = "UPDATE_IN_PROGRESS".to_owned();
    assert_eq!(case.actions(), [StackAction::Recreate, StackAction::Wait]);
}

#[test]
fn a_part_of_it_takes_what_the_rest_gives_already() {
    let mut case = Case::made();
    case.templates[0] = template("base", &BASE.replace("DisplayName: one", "DisplayName: two"));
    case.only = vec!["user".to_owned()];
    let plan = case.plan();
    assert_eq!(plan.stacks.len(), 1);
    assert_eq!(plan.stacks[0].parameters["TopicName"], known("t"));
}

#[test]
fn a_bucket_that_stayed_becomes_part_of_its_new_stack() {
    let mut case = Case::empty();
    case.existing.insert("dpstack-eu-west-1".to_owned(), None);
    let plan = case.plan();
    let imported = plan.stacks[0].changes.iter().filter(|change| change.action == Action::Import);
    assert_eq!(imported.map(|change| change.resource.as_str()).collect::<Vec<_>>(), ["Bucket"]);
    assert_eq!(plan.stacks[0].adopts["Bucket"].name, "dpstack-eu-west-1");
    assert!(plan.to_string().contains("< Bucket  AWS::S3::Bucket  is there already"), "{plan}");
}

#[test]
fn protection_and_leftovers_are_something_to_do() {
    let mut case = Case::made();
    case.protect = settings().protection.level == Level::Development;
    assert_eq!(case.plan().stacks[0].protect, Some(true));
    let mut case = Case::made();
    case.deployed.get_mut("base").expect("there").change_sets = vec!["dpworld-x".to_owned(), "others".to_owned()];
    let plan = case.plan();
    assert_eq!((plan.stacks[0].leftovers.as_slice(), plan.is_idle()), (&["dpworld-x".to_owned()][..], false));
}

#[test]
fn equal_plans_have_one_digest_and_every_difference_another() {
    let digest = Case::made().plan().digest();
    assert_eq!(digest, Case::made().plan().digest());
    let mut others: Vec<(&str, Case)> = Vec::new();
    let mut other = |name, change: &dyn Fn(&mut Case)| {
        let mut case = Case::made();
        change(&mut case);
        others.push((name, case));
    };
    other("template", &|case| case.templates[0] = template("base", &format!("# new\n{BASE}")));
    other("image", &|case| _ = case.images.insert("dbt-image".to_owned(), known("sha256:2")));
    other("object", &|case| _ = case.objects.insert("requirements.txt".to_owned(), known("v2")));
    other("protection", &|case| case.protect = true);
    other("status", &|case| case.deployed.get_mut("base").expect("there").status = "UPDATE_COMPLETE".to_owned());
    other("what is there", &|case| case.deployed.get_mut("base").expect("there").template += "# by hand\n");
    other("parameters", &|case| {
        let base = case.deployed.get_mut("base").expect("there");
        base.parameters.insert("ProjectName".to_owned(), "x".to_owned());
    });
    for (name, case) in others {
        assert_ne!(case.plan().digest(), digest, "{name}");
    }
    // Which change sets lie around for others, and AWS's own ids, are nothing that somebody approves.
    let mut case = Case::made();
    case.deployed.get_mut("base").expect("there").id = "arn:other".to_owned();
    assert_eq!(case.plan().digest(), digest);
}

#[test]
fn what_waits_for_what_follows_from_the_wires_and_airflow_comes_last() {
    let case = Case::empty();
    let mut plan = case.plan();
    plan.dags = Some(DagsStep { files: BTreeMap::new(), requests: None });
    let limit = (None, "x".to_owned());
    plan.warehouse = Some(WarehouseStep { limit, unanswered: false, prepares: true });
    let stack = |name: &str| Task::Stack(name.to_owned());
    let tasks = tasks(&plan, &case.dependencies());
    let image = Task::Image("dbt-image".to_owned());
    assert_eq!(tasks[&stack("user")], BTreeSet::from([stack("base"), image.clone(), Task::Dags, Task::Warehouse]));
    // The stacks `registry`, `storage` and `warehouse` are not part of this deployment.
    assert_eq!((&tasks[&image], &tasks[&Task::Dags]), (&BTreeSet::new(), &BTreeSet::new()));
    let (begun, done) = (BTreeSet::new(), BTreeSet::from([stack("base"), image, Task::Dags, Task::Warehouse]));
    assert!(ready(&tasks, &begun, &BTreeSet::new()).all(|task| *task != stack("user")));
    assert!(ready(&tasks, &begun, &done).any(|task| *task == stack("user")));
    let shown = Source::Output { stack: "base".to_owned(), name: "TopicName".to_owned() }.to_string();
    assert_eq!(shown, "output:base.TopicName");
}
