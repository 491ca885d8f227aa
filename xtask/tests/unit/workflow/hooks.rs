use super::super::foreign::warnings;
use super::super::hooks::{insert, pins};
use super::super::pins::Pins;
use super::*;

const CHECKS: &str = ".github/hooks/checks.yml";
const ACTION: &str = "acme/scan@0123456789abcdef0123456789abcdef01234567";

/// Returns the workflows with this hook, or the problems.
fn with(path: &str, hook: &str) -> Result<Vec<File>, Vec<String>> {
    let (mut all, mut files) = (pins(path, hook).0, files(&deployments(), &released()).expect("plain values"));
    all.extend(released());
    insert(path, hook, &mut files, &all).map(|()| files)
}

#[test]
fn steps_are_inserted_after_the_checkout_and_at_the_end() {
    let hook = format!(
        "lint:\n  before:\n  - name: scan\n    uses: {ACTION} # v1.2.3\n    with: {{level: 'high'}}\n\
         \x20 after:\n  - name: report\n    if: always()\n    env: {{WHAT: '${{{{ github.sha }}}}'}}\n    run: ci/report.sh \"$WHAT\"\n"
    );
    let is_checks = |file: &File| file.path == ".github/workflows/checks.yml";
    let file = with(CHECKS, &hook).expect("valid").into_iter().find(is_checks).expect("it");
    let value: Value = serde_yaml::from_str(&file.text).expect("YAML");
    let text = workflows().into_iter().find(|parsed| is_checks(&parsed.file)).expect("it").file.text;
    let plain: Value = serde_yaml::from_str(&text).expect("YAML");
    let (with, without) = (steps(&value["jobs"]["lint"]), steps(&plain["jobs"]["lint"]));
    assert_eq!((with.len(), &with[0]), (without.len() + 2, &without[0]));
    assert_eq!((&with[2..with.len() - 1], run(&with[with.len() - 1])), (&without[1..], "ci/report.sh \"$WHAT\""));
    assert_eq!((&with[1]["name"], &with[1]["with"]["level"]), (&"scan".into(), &"high".into()));
    assert!(file.text.contains(&format!("\n      uses: {ACTION} # v1.2.3\n")), "{}", file.text);
    // Nothing else changes: the other jobs, and the comments.
    let missing: Vec<_> = text.lines().filter(|line| !file.text.lines().any(|other| other == *line)).collect();
    assert_eq!((missing.len(), &value["jobs"]["test"]), (0, &plain["jobs"]["test"]));
}

#[test]
fn a_hook_is_refused_that_weakens_its_job() {
    let step = |text: &str| format!("lint:\n  after:\n  - name: own\n{text}");
    for (path, hook, why) in [
        (".github/hooks/other.yml", step("    run: make\n"), "generates no workflow `.github/workflows/other.yml`"),
        (CHECKS, "nothing:\n  after: []\n".into(), "the workflow has no job `nothing`"),
        (CHECKS, "lint:\n  during: []\n".into(), "unknown field `during`"),
        (CHECKS, step("    shell: bash\n    run: make\n"), "unknown field `shell`"),
        (CHECKS, step("    run: make\n    uses: a/b\n"), "needs either `uses` or `run`"),
        (CHECKS, step("    if: always()\n"), "needs either `uses` or `run`"),
        (CHECKS, step("    run: curl https://example.org | sh\n"), "one simple command"),
        (CHECKS, step("    run: make ${{ github.head_ref }}\n"), "as a variable"),
        (
            CHECKS,
            step("    env: {KEY: '${{ secrets.KEY }}'}\n    run: make\n"),
            "is a secret, but the job has no environment",
        ),
        (
            CHECKS,
            step("    env: {KEY: '${{ github.token }}'}\n    run: make\n"),
            "is a secret, but the job has no environment",
        ),
    ] {
        let problems = with(path, &hook).expect_err(why).join("\n");
        assert!(problems.contains(why), "{why}: {problems}");
    }
    let secret = "plan:\n  after:\n  - name: own\n    env: {KEY: '${{ secrets.KEY }}'}\n    run: make\n";
    assert!(with(".github/hooks/ci.yml", secret).is_ok(), "the job has an environment");
    let (found, wrong) = pins(CHECKS, "lint:\n  after:\n  - name: own\n    uses: a/b@v1\n");
    assert_eq!((found, wrong.len()), (Pins::new(), 1));
    assert!(wrong[0].starts_with(".github/hooks/checks.yml:4: `a/b` is pinned to `v1`"), "{wrong:?}");
}

#[test]
fn other_workflows_get_warnings() {
    let good = format!(
        "on: [push]\npermissions: {{}}\njobs:\n  a:\n    timeout-minutes: 5\n    steps:\n    - uses: {ACTION} # v1.2.3\n\
         \x20   - uses: ./own\n  b:\n    uses: ./.github/workflows/x.yml\n"
    );
    assert_eq!(warnings("own.yml", &good), Vec::<String>::new());
    for (from, to, why) in [
        (" # v1.2.3", "", "own.yml:7: `acme/scan` needs the commit's release"),
        ("0123456789abcdef0123456789abcdef01234567", "v1", "own.yml:7: `acme/scan` is pinned to `v1`"),
        ("permissions: {}\n", "", "own.yml: job `a` has no `permissions`"),
        ("    timeout-minutes: 5\n", "", "own.yml: job `a` has no `timeout-minutes`"),
        ("on: [push]", "on: [", "own.yml: is not valid YAML"),
    ] {
        let found = warnings("own.yml", &good.replace(from, to));
        assert!(found.iter().any(|found| found.starts_with(why)), "{why}: {found:?}");
    }
    for on in ["pull_request_target", "[push, workflow_run]", "{pull_request_target: {branches: [main]}}"] {
        let text = good.replace("[push]", on).replace("acme/scan", "actions/checkout");
        assert_eq!(warnings("own.yml", &text).len(), 1, "{on}");
        assert!(warnings("own.yml", &text)[0].contains("job `a` checks out code with the privileges"));
    }
}
