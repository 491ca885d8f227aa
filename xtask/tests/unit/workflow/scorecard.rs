//! The checks of OpenSSF Scorecard that depend only on files and that zizmor does not make (github.com/ossf/scorecard,
//! docs/checks.md).

use super::super::dependabot::KEPT;
use super::{deployments, jobs, parsed, runs, workflow, workflows};

#[test]
fn pinned_dependencies_by_hash_in_workflows_images_and_installations() {
    for workflow in workflows() {
        for line in
            workflow.file.text.lines().filter(|line| line.trim_start().trim_start_matches("- ").starts_with("uses: "))
        {
            // A workflow of this repository, at the same commit.
            if line.contains("uses: $/") {
                continue;
            }
            let commit = line.split('@').nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{line}");
        }
        // What Scorecard looks for in a shell: downloads that run, and packages without hashes.
        let bad = ["curl", "wget", "pip install", "npm install", "npm i ", "go install", "cargo install"];
        for run in jobs(&workflow.value).into_iter().flat_map(|(_, job)| runs(job)) {
            assert!(!bad.iter().any(|word| run.contains(word)), "{run}");
        }
    }
    for text in [include_str!("../../../../dbt/Dockerfile"), include_str!("../../../../jobs/Dockerfile")] {
        let stages: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("FROM ")).collect();
        let names: Vec<&str> = stages.iter().filter_map(|stage| Some(stage.split_once(" AS ")?.1)).collect();
        // A base by argument gets its digest from the settings, whose rule wants one.
        let unpinned = stages.iter().filter(|stage| {
            let base = stage.split(' ').next().unwrap_or_default();
            !(base.contains(['@', '$']) || base == "scratch" || names.contains(&base))
        });
        assert_eq!(unpinned.collect::<Vec<_>>(), Vec::<&&str>::new());
    }
}

#[test]
fn ci_tests_run_on_every_pull_request() {
    assert_eq!(workflow("ci")["on"]["pull_request"]["branches"][0], "main");
    assert_eq!(workflow("ci")["jobs"]["checks"]["uses"], "$/.github/workflows/checks.yml");
    let checks = workflow("checks");
    for (_, job) in jobs(&checks) {
        assert!(job.get("if").is_none());
    }
    assert!(runs(&checks["jobs"]["test"]).contains(&"cargo xtask test --shard \"$SHARD\" --require-all"));
}

#[test]
fn dependency_update_tool_covers_every_ecosystem() {
    let dependabot = parsed(&deployments()).pop().expect("the last");
    assert_eq!(dependabot.file.path, ".github/dependabot.yml");
    let updates = dependabot.value["updates"].as_sequence().expect("updates");
    assert_eq!(updates.len(), KEPT.len());
    assert!(updates.iter().all(|update| update["cooldown"]["default-days"].as_u64() >= Some(7)));
    let ecosystems: Vec<_> = KEPT.iter().map(|(name, _)| *name).collect();
    assert_eq!(ecosystems, ["cargo", "uv", "npm", "github-actions"]);
}

#[test]
fn a_policy_a_licence_and_fuzz_targets_are_where_scorecard_looks() {
    let policy = include_str!("../../../../SECURITY.md").to_lowercase();
    assert!(["vulnerability", "days"].iter().all(|word| policy.contains(word)), "{policy}");
    assert!(include_str!("../../../../LICENSE").len() > 100);
    assert!(include_str!("../../../../jobs/fuzz/Cargo.toml").contains("libfuzzer-sys"));
}
