#!/usr/bin/env -S python3 -SE
"""Stands in for `gh` and GitHub's REST API, with the state in a file.

Refuses what GitHub refuses: reviewers and rulesets that the plan does not offer for private repositories, merge queues of a
user's repository, reviewers who are not there, both kinds of branch policies, names that exist. Not checked: the token's own
permissions, protected branches, the encryption of secrets, and any path or field that this file does not mention.
"""

import json
import os
import re
import sys

STATE = os.environ["GH_STATE"]
UPGRADE = "Upgrade to GitHub Pro or make this repository public to enable this feature."
BILLING = (
    "Failed to create the environment protection rule. Please ensure the billing plan supports the required reviewers protection rule."
)
# GitHub adds the parameters that a rule does not have.
DEFAULTS = {
    "pull_request": {"allowed_merge_methods": ["merge", "squash", "rebase"], "required_reviewers": []},
    "required_status_checks": {"do_not_enforce_on_create": False},
}


class Refused(Exception):
    """An answer with an error status."""


def refuse(when: bool, status: int, message: str) -> None:
    if when:
        raise Refused(f"gh: {message} (HTTP {status})")


def put_environment(state: dict, name: str, body: dict) -> dict:
    private = state["repository"]["private"] and state["plan"] != "enterprise"
    reviewers = body.get("reviewers") or []
    refuse(private and bool(reviewers or body.get("wait_timer")), 422, BILLING)
    refuse(bool(body.get("prevent_self_review")) and not reviewers, 422, "prevent_self_review needs reviewers")
    refuse(any(one["id"] not in state["people"] for one in reviewers), 422, "reviewer not found")
    policy = body.get("deployment_branch_policy")
    refuse(bool(policy) and policy["protected_branches"] == policy["custom_branch_policies"], 422, "Validation Failed")
    rules = []
    if body.get("wait_timer"):
        rules.append({"type": "wait_timer", "wait_timer": body["wait_timer"]})
    if reviewers:
        people = [{"type": one["type"], "reviewer": {"id": one["id"]}} for one in reviewers]
        prevents = bool(body.get("prevent_self_review"))
        rules.append({"type": "required_reviewers", "prevent_self_review": prevents, "reviewers": people})
    custom = bool(policy) and policy["custom_branch_policies"]
    before = state["environments"].get(name, {"branches": []})
    value = {"name": name, "protection_rules": rules, "deployment_branch_policy": policy}
    state["environments"][name] = {"value": value, "branches": before["branches"] if custom else []}
    return value


def add_branch(state: dict, name: str, body: dict) -> dict:
    environment = state["environments"].get(name)
    refuse(environment is None, 404, "Not Found")
    policy = environment["value"]["deployment_branch_policy"]
    refuse(not policy or not policy["custom_branch_policies"], 404, "Not Found")
    refuse(body["name"] in environment["branches"], 422, "Branch policy exists")
    environment["branches"].append(body["name"])
    return body


def put_ruleset(state: dict, identifier: int | None, body: dict) -> dict:
    owner = state["repository"]["owner"]["type"]
    kinds = [rule["type"] for rule in body["rules"]]
    queues = owner != "User" and "merge_queue" not in state.get("without", [])
    refuse("merge_queue" in kinds and not queues, 422, "Validation Failed\nInvalid rule 'merge_queue': ")
    others = [one for one in state["rulesets"] if one["id"] != identifier]
    refuse(any(one["name"] == body["name"] for one in others), 422, "Name must be unique")
    own = next((one for one in state["rulesets"] if one["id"] == identifier), None)
    refuse(identifier is not None and own is None, 404, "Not Found")
    rules = []
    for rule in body["rules"]:
        parameters = DEFAULTS.get(rule["type"], {}) | rule.get("parameters", {})
        rules.append({"type": rule["type"]} | ({"parameters": parameters} if parameters else {}))
    value = (own or {"bypass_actors": []}) | body | {"rules": rules, "id": identifier or len(others) + 1}
    state["rulesets"] = [*others, value]
    return value


def answer(state: dict, method: str, path: str, body: dict) -> object:
    def matches(pattern: str) -> re.Match | None:
        return re.fullmatch(pattern, f"{method} {path.split('?')[0]}")

    if matches("GET user"):
        return {"id": state["user"], "login": "ann"}
    refuse(not path.startswith("repos/{owner}/{repo}"), 404, "Not Found")
    path = path.removeprefix("repos/{owner}/{repo}").removeprefix("/")
    if matches("GET "):
        return state["repository"]
    if matches("GET actions/permissions/workflow"):
        return state["token"]
    if matches("PUT actions/permissions/workflow"):
        state["token"] = body
        return None
    if found := matches("GET environments/([^/]+)"):
        refuse(found[1] not in state["environments"], 404, "Not Found")
        return state["environments"][found[1]]["value"]
    if found := matches("PUT environments/([^/]+)"):
        return put_environment(state, found[1], body)
    if found := matches("GET environments/([^/]+)/deployment-branch-policies"):
        refuse(found[1] not in state["environments"], 404, "Not Found")
        return {"branch_policies": [{"name": name} for name in state["environments"][found[1]]["branches"]]}
    if found := matches("POST environments/([^/]+)/deployment-branch-policies"):
        return add_branch(state, found[1], body)
    if found := matches("GET (?:environments/([^/]+)|actions)/secrets/([^/]+)"):
        refuse(f"{found[1] or ''}/{found[2]}" not in state["secrets"], 404, "Not Found")
        return {"name": found[2]}
    if found := matches("GET actions/variables/([^/]+)"):
        refuse(found[1] not in state["variables"], 404, "Not Found")
        return {"name": found[1], "value": state["variables"][found[1]]}
    if matches("POST actions/variables"):
        refuse(body["name"] in state["variables"], 409, "Already exists")
        state["variables"][body["name"]] = body["value"]
        return {}
    if found := matches("PATCH actions/variables/([^/]+)"):
        refuse(found[1] not in state["variables"], 404, "Not Found")
        state["variables"][found[1]] = body["value"]
        return None
    refuse(path.startswith("rulesets") and state["repository"]["private"] and state["plan"] == "free", 403, UPGRADE)
    if matches("GET rulesets"):
        return [{"id": one["id"], "name": one["name"]} for one in state["rulesets"]]
    if found := matches("(GET|PUT) rulesets/([0-9]+)"):
        if found[1] == "PUT":
            return put_ruleset(state, int(found[2]), body)
        return next(one for one in state["rulesets"] if one["id"] == int(found[2]))
    if matches("POST rulesets"):
        return put_ruleset(state, None, body)
    raise Refused(f"gh: Not Found (HTTP 404): {method} {path}")


def main(arguments: list[str]) -> None:
    """Answers one call; writes are numbered and logged, and the one with the number GH_FAIL fails."""
    if arguments == ["--version"]:
        return
    with open(STATE, encoding="utf-8") as file:
        state = json.load(file)
    secret = arguments[:2] == ["secret", "set"]
    method = arguments[arguments.index("--method") + 1] if "--method" in arguments else "GET"
    text = sys.stdin.read() if secret or "--input" in arguments else ""
    if secret or method != "GET":
        state["writes"].append(" ".join(arguments))
        with open(STATE, "w", encoding="utf-8") as file:
            json.dump(state, file)
        refuse(os.environ.get("GH_FAIL") == str(len(state["writes"])), 502, "Bad Gateway")
    if secret:
        place = arguments[arguments.index("--env") + 1]
        refuse(place not in state["environments"], 404, "Not Found")
        state["secrets"][f"{place}/{arguments[2]}"] = text
    else:
        path = next(word for word in arguments[1:] if word.startswith(("repos/", "user")))
        result = answer(state, method, path, json.loads(text) if text else {})
        if result is not None:
            print(json.dumps(result))
    with open(STATE, "w", encoding="utf-8") as file:
        json.dump(state, file)


try:
    main(sys.argv[1:])
except Refused as error:
    print(error, file=sys.stderr)
    sys.exit(1)
