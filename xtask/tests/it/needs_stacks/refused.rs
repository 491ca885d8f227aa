//! Refused commands: nothing is changed.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{FIRST, SECOND, account, changing, deployed, endpoint, folder, listening, two};
use crate::support::account::{Account, Ran, ran};
use crate::support::proxy::Proxy;

/// Runs a command that is refused before anything is changed.
#[track_caller]
fn unchanged(account: &Account, arguments: &[&str], words: &[&str]) -> Ran {
    let (before, proxy) = (account.state(), listening());
    let refused = account.run_by(&proxy.endpoint, arguments).refused(words);
    assert_eq!(changing(&proxy.requests()), Vec::<String>::new(), "{arguments:?}");
    assert_eq!(account.state(), before, "{arguments:?}");
    refused
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

#[test]
fn malformed_templates_and_wires_ask_aws_nothing() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack_corpus");
    let (account, proxy) = (account(), listening());
    let cases: Vec<_> = fs::read_dir(corpus).expect("the corpus").flatten().map(|entry| entry.path()).collect();
    let cases = cases.iter().filter(|path| path.is_dir());
    let mut count = 0;
    for case in cases {
        for command in ["deploy", "destroy", "recover"] {
            let yes = if command == "recover" { &[][..] } else { &["--yes"] };
            let refused = account.run_by(&proxy.endpoint, &[&[command, "--folder", text(case)], yes].concat());
            assert_eq!(
                (refused.code, refused.stdout.as_str()),
                (Some(1), ""),
                "{command} {case:?}: {}",
                refused.stderr
            );
            assert!(refused.stderr.contains("error: templates: "), "{command} {case:?}: {}", refused.stderr);
        }
        count += 1;
    }
    assert!(count >= 20, "{count} cases");
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
}

#[test]
fn an_unknown_stack_causes_no_call() {
    let (account, proxy, two) = (account(), listening(), two());
    let arguments = ["deploy", "--yes", "--folder", text(two.path()), "--stack", "frist"];
    account
        .run_by(&proxy.endpoint, &arguments)
        .refused(&["the stack `frist` does not exist", "the stacks are first, second"]);
    assert!(proxy.requests().is_empty(), "{:?}", proxy.requests());
}

#[test]
fn another_account_is_not_touched() {
    let (account, two, proxy) = (account(), two(), listening());
    for command in ["deploy", "destroy", "diff", "recover"] {
        let mut program = account.by(&proxy.endpoint, &[command, "--folder", text(two.path())]);
        let other = ran(program.env("AWS_ACCOUNT_ID", "999999999999"));
        let words = format!("the credentials belong to account {}, the settings to 999999999999", account.number);
        other.refused(&[&words, "AWS_ACCOUNT_ID"]);
    }
    let asked: Vec<String> = proxy.requests().iter().map(|asked| asked.call()).collect();
    assert_eq!(asked, ["GetCallerIdentity"; 4]);
}

#[test]
fn a_bucket_of_another_account_is_reported_before_anything_is_created() {
    let (other, account) = (account(), account());
    let name = format!("dpstack-airflow-t{}", account.number);
    let place =
        "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>";
    let (head, answer) = other.call_rest("s3", "PUT", &format!("/{name}"), place);
    assert!(head.contains(" 200 "), "{answer}");
    let words = format!("in use by another account, or in another region: bucket `{name}`");
    unchanged(&account, &["deploy", "--stack", "registry", "--stack", "storage", "--yes"], &[&words, "BUCKET_SUFFIX"]);
    assert!(account.state().is_empty());
}

#[test]
fn without_a_terminal_the_answer_is_no() {
    let (account, two) = (account(), two());
    let of = |command| [command, "--folder", text(two.path())];
    unchanged(&account, &of("deploy"), &["standard input is not a terminal", "--yes or --expect"]);
    account.run(&[&of("deploy")[..], &["--yes"]].concat()).done();
    unchanged(&account, &of("destroy"), &["nothing was changed: standard input is not a terminal", "pass --yes"]);
}

#[test]
fn only_the_plan_that_was_approved_is_carried_out() {
    let (account, two) = (account(), two());
    let digest = |folder: &Path| {
        let plan = account.with("diff", folder, &["--json"]).json();
        plan["digest"].as_str().expect("a digest").to_owned()
    };
    let approved = digest(two.path());
    assert_eq!(approved, digest(two.path()), "the same, each time");
    let other = folder(&[("first", &FIRST.replace("DisplayName: one", "DisplayName: other")), ("second", SECOND)]);
    let arguments = ["deploy", "--folder", text(other.path()), "--expect", &approved];
    unchanged(&account, &arguments, &["the plan changed since it was approved", "cargo xtask diff"]);
    // Somebody else was there since it was approved.
    account.with("deploy", two.path(), &["--expect", &approved]).done();
    let arguments = ["deploy", "--folder", text(two.path()), "--expect", &approved];
    unchanged(&account, &arguments, &[&approved]);
}

#[test]
fn a_resource_with_a_fixed_name_is_not_replaced() {
    let (account, two) = (account(), two());
    account.with("deploy", two.path(), &["--yes"]).done();
    let fifo = FIRST.replace("DisplayName: one", "FifoTopic: true");
    let fifo = folder(&[("first", &fifo), ("second", SECOND)]);
    let words = [
        "nothing was changed: in `first` `Topic` (AWS::SNS::Topic) would be replaced because of FifoTopic",
        "which CloudFormation cannot do while the name is in use",
        "hint: give it another name in the settings",
    ];
    unchanged(&account, &["deploy", "--yes", "--folder", text(fifo.path())], &words);
    unchanged(&account, &["diff", "--folder", text(fifo.path())], &words);
    // The way round that the hint names.
    let renamed = FIRST.replace("DisplayName: one", "FifoTopic: true").replace("-first\"", "-again.fifo\"");
    let renamed = folder(&[("first", &renamed), ("second", SECOND)]);
    account.with("deploy", renamed.path(), &["--yes"]).done();
    let topic = account.state()["first"]["resources"]["Topic"][1].clone();
    assert_eq!(topic, format!("arn:aws:sns:eu-west-1:{}:dpstack-again.fifo", account.number));
}

/// Has CloudFormation report that the topic is replaced, where the plan predicts a change in place.
fn replacing() -> Proxy {
    let editor =
        |_: &_, body: String| body.replace("<Replacement>False</Replacement>", "<Replacement>True</Replacement>");
    Proxy::editing(&endpoint(), Box::new(editor))
}

/// The first stack deployed, and a folder with a change of it.
fn with_a_change() -> (Account, tempfile::TempDir) {
    let (account, two) = (account(), two());
    account.with("deploy", two.path(), &["--yes"]).done();
    (account, folder(&[("first", &FIRST.replace("DisplayName: one", "DisplayName: more")), ("second", SECOND)]))
}

/// The digest that a refusal asks to approve.
fn new_digest(refused: &Ran) -> String {
    let (_, rest) = refused.stderr.split_once("--expect ").expect("a digest");
    rest.split_whitespace().next().expect("a digest").to_owned()
}

#[test]
fn a_change_set_beyond_the_plan_is_executed_only_with_its_own_digest() {
    let (account, after) = with_a_change();
    let before = account.state();
    let deploy = |arguments: &[&str], proxy: &Proxy| {
        account.run_by(&proxy.endpoint, &[&["deploy", "--folder", text(after.path())], arguments].concat())
    };
    let words = ["CloudFormation would replace `Topic` (AWS::SNS::Topic)", "which the plan does not show", "--expect "];
    let plan = account.with("diff", after.path(), &["--json"]).json()["digest"].as_str().expect("a digest").to_owned();
    let mut digests = Vec::new();
    for arguments in [&["--yes"][..], &["--expect", &plan], &["--yes", "--expect", &plan]] {
        let proxy = replacing();
        digests.push(new_digest(&deploy(arguments, &proxy).refused(&words)));
        assert_eq!(changing(&proxy.requests()), ["CreateChangeSet", "DeleteChangeSet"]);
        assert_eq!(account.state(), before);
    }
    assert!(digests.iter().all(|digest| *digest == digests[0] && digest.starts_with(&plan)), "{digests:?}");

    // `--json` prints the same digest.
    let refused = deploy(&["--yes", "--json"], &replacing()).refused(&words);
    let output: serde_json::Value = serde_json::from_str(&refused.stdout).expect("JSON");
    assert_eq!((&output["digest"], &output["applied"]), (&digests[0].as_str().into(), &false.into()));
    assert_eq!(account.state(), before);

    // It approves this change set and no other.
    let removing = Proxy::editing(
        &endpoint(),
        Box::new(|_: &_, body: String| body.replace("<Action>Modify</Action>", "<Action>Remove</Action>")),
    );
    let other = deploy(&["--expect", &digests[0]], &removing).refused(&["would remove `Topic`"]);
    assert_ne!(new_digest(&other), digests[0]);
    assert_eq!(account.state(), before);

    let proxy = replacing();
    deploy(&["--expect", &digests[0]], &proxy).done();
    assert_eq!(changing(&proxy.requests()), ["CreateChangeSet", "ExecuteChangeSet"]);
    assert_eq!(account.status("first").as_deref(), Some("UPDATE_COMPLETE"));
}

/// Runs a command with `script` as its terminal, and types the answers.
fn on_a_terminal(command: &Command, answers: &str) -> (String, Option<i32>) {
    let words: Vec<_> = [command.get_program()].into_iter().chain(command.get_args()).collect();
    let line = words.iter().map(|word| word.to_str().expect("text")).collect::<Vec<_>>().join(" ");
    let mut terminal = Command::new("script");
    terminal.args(["--quiet", "--return", "--command", &line, "/dev/null"]).env_clear();
    terminal.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut terminal =
        terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("script starts");
    // Open until the command has ended.
    let mut keyboard = terminal.stdin.take().expect("its standard input");
    keyboard.write_all(answers.as_bytes()).expect("typed");
    let output = terminal.wait_with_output().expect("it ends");
    // Lines may be wrapped.
    let text = String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
    (text, output.status.code())
}

#[test]
fn on_a_terminal_a_change_set_beyond_the_plan_is_asked_about() {
    for (answers, code, status) in [("y\nn\n", 1, "CREATE_COMPLETE"), ("y\ny\n", 0, "UPDATE_COMPLETE")] {
        let (account, after) = with_a_change();
        let proxy = replacing();
        let deploy = account.by(&proxy.endpoint, &["deploy", "--folder", text(after.path())]);
        let (output, found) = on_a_terminal(&deploy, answers);
        assert_eq!(found, Some(code), "{output}");
        assert!(output.contains("which the plan does not show. Apply it?"), "{output}");
        assert_eq!(output.contains("to approve exactly this"), code == 1, "{output}");
        assert_eq!(account.status("first").as_deref(), Some(status), "{output}");
    }
}

#[test]
fn a_new_stack_that_is_not_approved_leaves_nothing() {
    let (account, two) = (account(), two());
    let editor = |_: &_, body: String| body.replace("<Action>Add</Action>", "<Action>Remove</Action>");
    let proxy = Proxy::editing(&endpoint(), Box::new(editor));
    let refused = account.run_by(&proxy.endpoint, &["deploy", "--yes", "--folder", text(two.path())]);
    refused.refused(&["would remove `Topic`", "these stacks were not changed"]);
    assert_eq!(changing(&proxy.requests()), ["CreateChangeSet", "DeleteStack"]);
    assert!(account.state().is_empty());
}

#[test]
fn the_end_of_what_another_stack_needs_is_refused() {
    let (account, two) = (account(), two());
    account.with("deploy", two.path(), &["--yes"]).done();
    let words = [
        "`DataPlatform-first` would be deleted, and `DataPlatform-second` depends on it",
        "name it too: --stack second",
    ];
    unchanged(&account, &["destroy", "--yes", "--folder", text(two.path()), "--stack", "first"], &words);
}

#[test]
fn a_protected_stack_is_not_deleted() {
    let (account, two) = (account(), two());
    account.with("deploy", two.path(), &["--yes"]).done();
    let protect = [("StackName", "DataPlatform-second"), ("EnableTerminationProtection", "true")];
    account.call("cloudformation", "UpdateTerminationProtection", &protect);
    let words = ["protected from deletion: DataPlatform-second", "protection.termination_protection to false"];
    unchanged(&account, &["destroy", "--yes", "--folder", text(two.path())], &words);
    // As the hint says: a deployment takes the protection away, and is idle afterwards.
    account.with("deploy", two.path(), &["--yes"]).done();
    account.with("destroy", two.path(), &["--yes"]).done();
    assert!(account.state().is_empty());
}

#[test]
fn production_wants_its_name_typed() {
    let (account, two) = (Account::of_production(&endpoint()), two());
    let production = |arguments: &[&str]| {
        let all = [arguments, &["--env", "prod", "--folder", text(two.path())]].concat();
        ran(account.by(&endpoint(), &all).env("SETTINGS_MODULE", "prod").env("ALARM_EMAIL", "a@example.com"))
    };
    let made = production(&["deploy", "--yes"]);
    made.done();
    let protected = account.call("cloudformation", "DescribeStacks", &[]);
    assert_eq!(protected.matches("<EnableTerminationProtection>true<").count(), 2, "production protects its stacks");
    production(&["destroy", "--yes"]).refused(&["protected from deletion: "]);
    for stack in ["DataPlatform-first", "DataPlatform-second"] {
        let open = [("StackName", stack), ("EnableTerminationProtection", "false")];
        account.call("cloudformation", "UpdateTerminationProtection", &open);
    }
    let before = account.state();
    production(&["destroy", "--yes"]).refused(&["standard input is not a terminal", "--confirm DataPlatform"]);
    production(&["destroy", "--yes", "--confirm", "Dataplatform"])
        .refused(&["nothing was changed: `Dataplatform` is not `DataPlatform`"]);
    assert_eq!(account.state(), before);
    production(&["destroy", "--confirm", "DataPlatform"]).done();
    assert!(account.state().is_empty());
}

#[test]
fn a_whole_deployment_is_refused_by_one_fixed_name() {
    let account = deployed();
    let folder = super::changed("registry", "EncryptionType: KMS", "EncryptionType: AES256");
    let words = [
        "nothing was changed: in `registry` `IngestionRepository` (AWS::ECR::Repository) would be replaced",
        "because of EncryptionConfiguration/EncryptionType",
    ];
    unchanged(&account, &["deploy", "--yes", "--folder", text(folder.path())], &words);
}

/// The settings `dev` give their stacks the names of `rehearse`, which is how these tests deploy.
#[test]
fn stacks_of_other_settings_are_not_touched() {
    let (account, two, proxy) = (account(), two(), listening());
    account.with("deploy", two.path(), &["--yes"]).done();
    let before = account.state();
    for arguments in [
        &["deploy", "--yes"][..],
        &["deploy", "--yes", "--stack", "second"],
        &["diff"],
        &["recover"],
        &["destroy", "--yes"],
    ] {
        let arguments = [arguments, &["--folder", text(two.path()), "--env", "dev"]].concat();
        let words =
            ["belongs to the settings `rehearse`, not to `dev`", "hint: choose the settings with --env rehearse"];
        account.run_by(&proxy.endpoint, &arguments).refused(&words);
    }
    assert_eq!(changing(&proxy.requests()), Vec::<String>::new());
    assert_eq!(account.state(), before);
    account.with("diff", two.path(), &[]).done();
}

/// These read no stack, but use what it holds.
#[test]
fn buckets_and_jobs_of_other_settings_are_not_used() {
    let (account, proxy) = (account(), listening());
    account.run(&["deploy", "--yes", "--stack", "registry", "--stack", "storage"]).done();
    let dags = folder(&[]);
    fs::write(dags.path().join("requirements.txt"), "").expect("written");
    fs::write(dags.path().join("own.py"), "").expect("written");
    for arguments in [&["sync-dags", "--dir", text(dags.path())][..], &["upload-sample"], &["run", "--direct"]] {
        let refused = account.run_by(&proxy.endpoint, &[arguments, &["--env", "dev"]].concat());
        refused.refused(&["`DataPlatform-storage` belongs to the settings `rehearse`, not to `dev`"]);
    }
    assert_eq!(changing(&proxy.requests()), Vec::<String>::new());
    account.run(&["upload-sample"]).done();
}

#[test]
fn a_stack_of_an_earlier_version_gets_the_tag_by_its_next_deployment() {
    let (account, two) = (account(), two());
    account.with("deploy", two.path(), &["--yes"]).done();
    // As an earlier version left it.
    let parameters = [
        ("StackName", "DataPlatform-first"),
        ("TemplateBody", FIRST),
        ("Parameters.member.1.ParameterKey", "ProjectName"),
        ("Parameters.member.1.ParameterValue", "dpstack"),
        ("Tags", ""),
    ];
    account.call("cloudformation", "UpdateStack", &parameters);
    let tags = || account.call("cloudformation", "DescribeStacks", &[("StackName", "DataPlatform-first")]);
    let began = std::time::Instant::now();
    while account.status("first").as_deref() != Some("UPDATE_COMPLETE") {
        assert!(began.elapsed().as_secs() < 20, "{:?}", account.status("first"));
    }
    assert!(!tags().contains("<Value>rehearse</Value>"), "{}", tags());

    let shown = account.with("diff", two.path(), &[]).done().stdout;
    assert!(shown.contains("DataPlatform-first   update tags; tag module=rehearse"), "{shown}");
    account.with("deploy", two.path(), &["--yes"]).done();
    assert!(tags().contains("<Value>rehearse</Value>"), "{}", tags());
    let shown = account.with("diff", two.path(), &[]).done().stdout;
    assert!(shown.contains("Nothing to do"), "{shown}");
}
