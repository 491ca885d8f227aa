//! Tests the plans of two small stacks: `user` depends on outputs of `base`, an image and an object.

mod display;

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::failure::Failure;
use crate::settings::{Document, Level, Settings, Variables};
use crate::stack::{self, Action, Dependencies, Deployed, ParameterValue, Source, Template};

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

/// The input of a plan, which tests change.
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
    /// Returns the input when no stack and no image exists.
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

    /// Returns the input when both stacks are in the desired state.
    fn deployed() -> Self {
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
        stack::connect(&self.templates, &stack::settings(&settings())).expect("connected")
    }

    fn stacks(&self) -> Result<Vec<StackPlan>, Failure> {
        let dependencies = self.dependencies();
        stacks(&PlanInput {
            prefix: "P",
            place: &BTreeMap::from([("AWS::Region".to_owned(), known("eu-west-1"))]),
            templates: &self.templates,
            dependencies: &dependencies,
            deployed: &self.deployed,
            included: &if self.only.is_empty() {
                dependencies.stacks.keys().cloned().collect()
            } else {
                self.only.iter().cloned().collect()
            },
            images: &self.images,
            objects: &self.objects,
            existing: &self.existing,
            protect: self.protect,
            module: "dev",
        })
    }

    fn plan(&self) -> Plan {
        let deployment =
            Deployment { settings: "dev".to_owned(), account: "1".to_owned(), region: "eu-west-1".to_owned() };
        let stacks = self.stacks().expect("a plan");
        let digest = self.images.get("dbt-image").map(|digest| match digest {
            ParameterValue::Known(digest) => digest.clone(),
            ParameterValue::Pending(source) => format!("<{source}>"),
        });
        let images = vec![ImageStep { image: "dbt-image".to_owned(), key: "k".to_owned(), digest }];
        Plan { deployment, stacks, left_alone: Vec::new(), abandoned: Vec::new(), images, dags: None, warehouse: None }
    }

    fn actions(&self) -> Vec<StackAction> {
        self.stacks().expect("a plan").into_iter().map(|stack| stack.action).collect()
    }

    fn refused(&self) -> String {
        self.stacks().expect_err("no plan").to_string()
    }
}

#[test]
fn a_first_deployment_creates_everything_and_names_pending_values() {
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
fn a_deployment_in_the_desired_state_has_nothing_to_do() {
    let plan = Case::deployed().plan();
    assert!(plan.is_idle(), "{plan}");
    assert!(plan.to_string().contains("Nothing to do"));
}

/// A stack with a subscription, whose endpoint CloudFormation does not return.
const HIDDEN: &str = "
Description: d
Parameters:
  AlarmWebhook: {Type: String, NoEcho: true}
  AlarmWebhookDigest: {Type: String}
Conditions:
  HasWebhook: !Not [!Equals [!Ref AlarmWebhookDigest, '']]
Resources:
  Topic: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: one}}
  Webhook: {Type: 'AWS::SNS::Subscription', Condition: HasWebhook, Properties: {Endpoint: !Ref AlarmWebhook}}
";

#[test]
fn a_value_that_cloudformation_does_not_return_is_compared_by_its_digest_and_not_shown() {
    let url = "https://host.tld/canary";
    let digest = crate::digest::sha256(url.as_bytes());
    let planned = |deployed: &str| {
        let mut settings = settings();
        settings.monitoring.webhook = Some(url.to_owned());
        let templates = [template("monitoring", HIDDEN)];
        let dependencies = stack::connect(&templates, &stack::settings(&settings)).expect("connected");
        let mut case = Case::empty();
        case.deploy("monitoring", HIDDEN, &[("AlarmWebhook", "****"), ("AlarmWebhookDigest", deployed)], &[]);
        let plans = stacks(&PlanInput {
            prefix: "P",
            place: &BTreeMap::new(),
            templates: &templates,
            dependencies: &dependencies,
            deployed: &case.deployed,
            included: &BTreeSet::from(["monitoring".to_owned()]),
            images: &BTreeMap::new(),
            objects: &BTreeMap::new(),
            existing: &stack::Existing::new(),
            protect: false,
            module: "dev",
        });
        let plan = plans.expect("a plan").remove(0);
        let shown = serde_json::to_string(&plan).expect("JSON");
        assert!(!shown.contains("canary") && shown.contains(&digest), "{shown}");
        plan
    };
    let action_of = |plan: &StackPlan| plan.changes.iter().map(|change| change.action).collect::<Vec<_>>();
    assert_eq!(planned(&digest).action, StackAction::Keep);
    assert_eq!(action_of(&planned("")), [Action::Add]);
    assert_eq!(action_of(&planned(&crate::digest::sha256(b"https://host.tld/other"))), [Action::Modify]);
}

#[test]
fn comments_and_descriptions_are_no_change() {
    let mut case = Case::deployed();
    case.templates[0] = template("base", &format!("# new\n{}", BASE.replace("Description: d", "Description: e")));
    assert_eq!(case.actions(), [StackAction::Keep, StackAction::Keep]);
}

#[test]
fn a_change_in_place_leaves_dependent_stacks_unchanged() {
    let mut case = Case::deployed();
    case.templates[0] = template("base", &BASE.replace("DisplayName: one", "DisplayName: two"));
    assert_eq!(case.actions(), [StackAction::Update, StackAction::Keep]);
}

#[test]
fn a_resource_with_a_fixed_name_is_not_replaced() {
    let mut case = Case::deployed();
    case.templates[1] = template("user", &USER.replace("JobQueueType: A", "JobQueueType: B"));
    let refused = case.refused();
    assert!(
        refused.contains("in `user`, `Queue` (AWS::Batch::JobQueue) would be replaced because of JobQueueType"),
        "{refused}"
    );
}

#[test]
fn all_failed_stacks_are_reported_together() {
    let mut case = Case::deployed();
    for stack in case.deployed.values_mut() {
        stack.status = "UPDATE_ROLLBACK_FAILED".to_owned();
    }
    let refused = case.refused();
    assert!(refused.contains("`P-base` is UPDATE_ROLLBACK_FAILED") && refused.contains("`P-user` is"), "{refused}");
    // A stack that is not part of the plan does not matter.
    case.only = vec!["base".to_owned()];
    case.deployed.get_mut("base").expect("deployed").status = "UPDATE_COMPLETE".to_owned();
    assert_eq!(case.actions(), [StackAction::Keep]);
}

#[test]
fn a_stack_never_created_is_recreated_and_a_busy_one_is_waited_for() {
    let mut case = Case::deployed();
    case.deployed.get_mut("base").expect("deployed").status = "REVIEW_IN_PROGRESS".to_owned();
    case.deployed.get_mut("user").expect("deployed").status = "UPDATE_IN_PROGRESS".to_owned();
    assert_eq!(case.actions(), [StackAction::Recreate, StackAction::Wait]);
}

#[test]
fn a_partial_deployment_uses_current_outputs() {
    let mut case = Case::deployed();
    case.templates[0] = template("base", &BASE.replace("DisplayName: one", "DisplayName: two"));
    case.only = vec!["user".to_owned()];
    let plan = case.plan();
    assert_eq!(plan.stacks.len(), 1);
    assert_eq!(plan.stacks[0].parameters["TopicName"], known("t"));
}

#[test]
fn a_retained_bucket_is_imported_by_its_new_stack() {
    let mut case = Case::empty();
    case.existing.insert("dpstack-eu-west-1".to_owned(), None);
    let plan = case.plan();
    let imported = plan.stacks[0].changes.iter().filter(|change| change.action == Action::Import);
    assert_eq!(imported.map(|change| change.resource.as_str()).collect::<Vec<_>>(), ["Bucket"]);
    assert_eq!(plan.stacks[0].adopts["Bucket"].name, "dpstack-eu-west-1");
    assert!(plan.to_string().contains("< Bucket  AWS::S3::Bucket  exists and is imported"), "{plan}");
}

#[test]
fn protection_and_leftover_change_sets_are_work() {
    let mut case = Case::deployed();
    case.protect = settings().protection.level == Level::Development;
    assert_eq!(case.plan().stacks[0].protect, Some(true));
    let mut case = Case::deployed();
    case.deployed.get_mut("base").expect("deployed").change_sets = vec!["dpworld-x".to_owned(), "others".to_owned()];
    let plan = case.plan();
    assert_eq!((plan.stacks[0].leftovers.as_slice(), plan.is_idle()), (&["dpworld-x".to_owned()][..], false));
}

#[test]
fn equal_plans_have_equal_digests_and_different_plans_different_ones() {
    let digest = Case::deployed().plan().digest();
    assert_eq!(digest, Case::deployed().plan().digest());
    let mut others: Vec<(&str, Case)> = Vec::new();
    let mut other = |name, change: &dyn Fn(&mut Case)| {
        let mut case = Case::deployed();
        change(&mut case);
        others.push((name, case));
    };
    other("template", &|case| case.templates[0] = template("base", &format!("# new\n{BASE}")));
    other("image", &|case| _ = case.images.insert("dbt-image".to_owned(), known("sha256:2")));
    other("object", &|case| _ = case.objects.insert("requirements.txt".to_owned(), known("v2")));
    other("protection", &|case| case.protect = true);
    other("status", &|case| case.deployed.get_mut("base").expect("deployed").status = "UPDATE_COMPLETE".to_owned());
    other("template", &|case| case.deployed.get_mut("base").expect("deployed").template += "# by hand\n");
    other("parameters", &|case| {
        let base = case.deployed.get_mut("base").expect("deployed");
        base.parameters.insert("ProjectName".to_owned(), "x".to_owned());
    });
    for (name, case) in others {
        assert_ne!(case.plan().digest(), digest, "{name}");
    }
    // The digest covers neither others' change sets nor ARNs.
    let mut case = Case::deployed();
    case.deployed.get_mut("base").expect("deployed").id = "arn:other".to_owned();
    assert_eq!(case.plan().digest(), digest);
}

#[test]
fn tasks_follow_the_dependencies_and_airflow_comes_last() {
    let case = Case::empty();
    let mut plan = case.plan();
    let requests = ["put     dags/platform.json", "delete  dags/old.py"].map(str::to_owned).into();
    let step = DagsStep { files: BTreeMap::new(), requests: Some(requests) };
    assert_eq!(["dags/platform.json", "dags/old.py", "dags"].map(|key| step.uploads(key)), [true, false, false]);
    plan.dags = Some(DagsStep { files: BTreeMap::new(), requests: None });
    let limit = (None, "x".to_owned());
    plan.warehouse = Some(WarehouseStep { limit, unanswered: false, prepares: true });
    let stack = |name: &str| Task::Stack(name.to_owned());
    let tasks = tasks(&plan, &case.dependencies());
    let image = Task::Image("dbt-image".to_owned());
    assert_eq!(tasks[&stack("user")], BTreeSet::from([stack("base"), image.clone(), Task::Dags, Task::Warehouse]));
    // The stacks `registry`, `storage` and `warehouse` are not part of this deployment.
    assert_eq!((&tasks[&image], &tasks[&Task::Dags]), (&BTreeSet::new(), &BTreeSet::from([Task::Warehouse])));
    let (started, done) = (BTreeSet::new(), BTreeSet::from([stack("base"), image, Task::Dags, Task::Warehouse]));
    assert!(ready(&tasks, &started, &BTreeSet::new()).all(|task| *task != stack("user")));
    assert!(ready(&tasks, &started, &done).any(|task| *task == stack("user")));
    let shown = Source::Output { stack: "base".to_owned(), name: "TopicName".to_owned() }.to_string();
    assert_eq!(shown, "output:base.TopicName");
}

#[test]
fn a_stack_that_no_source_needs_is_shown_with_the_command_that_deletes_it() {
    let mut plan = Case::deployed().plan();
    plan.abandoned = vec!["P-source-shop".to_owned()];
    let line = "P-source-shop  no source needs it; `cargo xtask destroy --stack source-shop` deletes it\n";
    assert!(plan.to_string().contains(line), "{plan}");
}

#[test]
fn the_dags_are_uploaded_after_the_job_definitions_of_sources() {
    let mut case = Case::empty();
    let text = "{Description: d, Parameters: {ProjectName: {Type: String}}, \
        Resources: {Job: {Type: 'AWS::Batch::JobDefinition', Properties: {Image: !Ref ProjectName}}}}";
    case.templates.push(template("source-shop", text));
    let dags = Some(DagsStep { files: BTreeMap::new(), requests: None });
    let plan = Plan { dags, ..case.plan() };
    let tasks = tasks(&plan, &case.dependencies());
    assert_eq!(tasks[&Task::Dags], BTreeSet::from([Task::Stack("source-shop".to_owned())]));
}
