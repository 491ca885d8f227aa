//! Checks which calls the GitHub job roles need and which they must not be allowed; each call is evaluated with the
//! boundary in force.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::decide::{Call, allow, applies, deployed, policies, prod_names};
use super::texts;
use crate::stack::permissions::{ROLES, Role, arn, calls, filled};

/// AWS's size limits for policies, not counting white space (AWS IAM User Guide, "IAM and AWS STS quotas").
const MANAGED: usize = 6_144;
const INLINE: usize = 10_240;

/// Calls that no GitHub job role may make, nor any role that it creates.
const ESCAPES: &str = include_str!("../../../../emulator/iam/escapes.txt");

/// Returns whether a call is allowed by a role's own policies and by the boundary of GitHub's roles or of the stacks' roles.
fn may(deployed: &BTreeMap<String, Value>, place: &str, own: &[&Value], call: &Call<'_>) -> bool {
    let boundary = if place.starts_with("ci.") { "ci.GithubBoundary" } else { "ci.Boundary" };
    allow(own, call) && allow(&[&deployed[boundary]["Properties"]["PolicyDocument"]], call)
}

/// Calls `check` with each call in `calls.yaml`: its role, the call, and its source.
pub(super) fn for_each_call(mut check: impl FnMut(&'static Role, &Call<'_>, &str)) {
    for call in calls(&prod_names()).expect("a table") {
        let context = call.context.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        check(call.role, &Call { action: &call.action, resource: &call.resource, context }, &call.source);
    }
}

#[test]
fn every_line_of_the_table_is_about_a_role_and_every_name_in_it_has_a_value() {
    for line in include_str!("../../../../src/stack/calls.yaml").lines() {
        if let Some((_, roles)) = line.split_once("roles: ") {
            let mut names = roles.split(',').next().unwrap_or_default().split_whitespace();
            assert!(names.all(|name| ROLES.iter().any(|role| role.name == name)), "{line}");
        }
    }
    for_each_call(|_, call, _| {
        assert!(!call.resource.contains("${"), "{call:?}");
        assert!(call.context.iter().all(|(_, value)| !value.contains("${") || *value == "${aws:userid}"), "{call:?}");
    });
}

#[test]
fn each_role_is_allowed_what_its_commands_and_cloudformation_call() {
    let deployed = deployed();
    let mut missing = Vec::new();
    for_each_call(|role, call, _| {
        if !may(&deployed, role.place, &policies(&deployed[role.place]), call) {
            missing.push(format!("{}: {} on {} {:?}", role.name, call.action, call.resource, call.context));
        }
    });
    assert!(missing.is_empty(), "{} calls are denied:\n{}", missing.len(), missing.join("\n"));
}

/// Returns the parts of a role's statements with this effect, `policy/statement action` or `policy/statement resource`, that
/// alone decide this call.
fn needed_parts(role: &Value, effect: &str, call: &Call<'_>) -> Vec<String> {
    let statements = statements(role);
    let applies_so = |statement: &Value| statement["Effect"] == effect && applies(statement, call);
    let mut applying = statements.iter().filter(|(_, statement)| applies_so(statement));
    let (Some((name, statement)), None) = (applying.next(), applying.next()) else { return Vec::new() };
    // Without the denial, the call would be allowed.
    if !statements.iter().any(|(_, statement)| statement["Effect"] == "Allow" && applies(statement, call)) {
        return Vec::new();
    }
    let parts = ["Action", "Resource"].into_iter().filter_map(|part| {
        let matching = |one: &String| {
            let mut only = (*statement).clone();
            only[part] = one.clone().into();
            applies(&only, call)
        };
        let found: Vec<String> = texts(&statement[part]).into_iter().filter(matching).collect();
        let [only] = found.as_slice() else { return None };
        Some(format!("{name} {only}"))
    });
    parts.collect()
}

/// Returns a role's statements, by `policy/statement`.
pub(super) fn statements(role: &Value) -> Vec<(String, &Value)> {
    let policies = role["Properties"]["Policies"].as_array().into_iter().flatten();
    let named = |policy: &Value, statement: &Value| {
        let sid = statement["Sid"].as_str().unwrap_or("1");
        format!("{}/{sid}", policy["PolicyName"].as_str().unwrap_or_default())
    };
    let all = policies.flat_map(|policy| {
        let list = policy["PolicyDocument"]["Statement"].as_array().into_iter().flatten();
        list.map(move |statement| (named(policy, statement), statement))
    });
    all.collect()
}

#[test]
fn without_any_action_or_resource_of_any_statement_a_call_is_denied() {
    let deployed = deployed();
    let mut needed = BTreeSet::new();
    let mut add = |place: &str, effect: &str, call: &Call<'_>| {
        needed.extend(needed_parts(&deployed[place], effect, call).into_iter().map(|part| format!("{place} {part}")));
    };
    for_each_call(|role, call, _| add(role.place, "Allow", call));
    for_each_escape(|only, call| {
        let concerns = |role: &&Role| only.map_or(role.place.starts_with("ci."), |only| only == role.name);
        let roles = ROLES.iter().filter(concerns);
        roles.for_each(|role| add(role.place, "Deny", call));
    });
    let mut unused = Vec::new();
    for Role { place, .. } in ROLES {
        for (name, statement) in statements(&deployed[place]) {
            let parts = texts(&statement["Action"]).into_iter().chain(texts(&statement["Resource"]));
            unused.extend(parts.map(|part| format!("{place} {name} {part}")).filter(|part| !needed.contains(part)));
        }
    }
    let roles = deployed.iter().filter(|(_, body)| body["Type"] == "AWS::IAM::Role").map(|(place, _)| place.as_str());
    let mut known = ROLES.map(|role| role.place);
    known.sort_unstable();
    assert_eq!(roles.collect::<Vec<_>>(), known);
    assert!(unused.is_empty(), "no call needs these {}:\n{}", unused.len(), unused.join("\n"));
}

/// Calls `check` with each call in `escapes.txt`, and the role that it is about.
fn for_each_escape(mut check: impl FnMut(Option<&str>, &Call<'_>)) {
    let names = prod_names();
    for line in ESCAPES.lines().filter(|line| line.contains(" on ")) {
        let line = filled(line, &names);
        assert!(!line.contains("${"), "{line}");
        let (only, line) = line.split_once(": ").map_or((None, line.as_str()), |(role, rest)| (Some(role), rest));
        let (actions, rest) = line.split_once(" on ").expect("a resource");
        let (resource, context) = rest.split_once(" if ").unwrap_or((rest, ""));
        let resource = arn(resource, &names);
        for action in actions.split_whitespace() {
            check(only, &Call::new(action, &resource, context));
        }
    }
}

#[test]
fn nothing_behind_the_boundary_leads_out_of_it() {
    let deployed = deployed();
    let everything = json!({"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
    let own = |role: Role| (role.name, (role.place, policies(&deployed[role.place])));
    let mut all: BTreeMap<&str, (&str, Vec<&Value>)> = ROLES.map(own).into();
    all.insert("any", ("", vec![&everything]));
    let mut open = Vec::new();
    for_each_escape(|only, call| {
        for name in only.map_or(vec!["any", "build", "deploy", "plan"], |only| vec![only]) {
            let (place, own) = all.get(name).unwrap_or_else(|| panic!("no role `{name}`"));
            if may(&deployed, place, own, call) {
                open.push(format!("{name}: {} on {} {:?}", call.action, call.resource, call.context));
            }
        }
    });
    assert!(open.is_empty(), "{} ways out:\n{}", open.len(), open.join("\n"));
}

#[test]
fn the_policies_fit_into_the_limits_of_iam() {
    // Names that are as long as the settings allow: `project` and `stack_prefix` begin most of them.
    let long =
        |text: String| text.replace("dpstack-prod", &"p".repeat(20)).replace("DataPlatformProd", &"P".repeat(17));
    let length = |policy: &Value| long(policy.to_string()).chars().filter(|c| !c.is_whitespace()).count();
    let deployed = deployed();
    let of_type = |kind: &'static str| deployed.iter().filter(move |(_, body)| body["Type"] == kind);
    for (place, policy) in of_type("AWS::IAM::ManagedPolicy") {
        let length = length(&policy["Properties"]["PolicyDocument"]);
        assert!(length <= MANAGED, "{place} has {length}");
    }
    for (place, role) in of_type("AWS::IAM::Role") {
        let attached = role["Properties"]["ManagedPolicyArns"].as_array().map_or(0, Vec::len);
        let own = policies(role).len() - attached;
        let all: usize = policies(role).into_iter().take(own).map(length).sum();
        assert!(all <= INLINE, "{place} has {all}");
    }
}
