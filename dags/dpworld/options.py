"""The options of a run: the parameters of a source's DAG, and the variables and arguments of its jobs that follow.

`cargo xtask run` has the same options (xtask/src/run/options.rs); `tests/run_options.json` contains test cases for both.
The DAG receives them as its run's configuration, or from the form in the Airflow UI.
"""

from airflow.sdk import Param


def text(pattern: str, description: str, most: int = 64) -> Param:
    """A text that may be missing."""
    return Param(None, type=["null", "string"], minLength=1, maxLength=most, pattern=pattern, description=description)


def params() -> dict[str, Param]:
    """Returns the parameters of a DAG. Airflow rejects a run whose configuration does not have these types."""
    return {
        "full_refresh": Param(
            False,
            type="boolean",
            description="Request everything instead of only changes, and rebuild incremental models from scratch",
        ),
        "collections": Param(
            [],
            type=["null", "array"],
            items={"type": "string", "pattern": r"^[a-z][a-z0-9_]*$"},
            description="Load only these collections",
        ),
        "from_raw": text(
            r"^[A-Za-z0-9_-]+$", "Load the responses that this run stored, without requests to the source"
        ),
        "accept": text(
            r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$",
            "Load implausible data; the reason is recorded in etl.findings",
            500,
        ),
        "source_url": text(r"^(https?|s3)://[^\s/@]+(/\S*)?$", "Read from this URL instead of the contract's", 2000),
        "from": text(r"^[!-~]+$", "Request the changes from this value of the cursors on"),
        "to": text(r"^[!-~]+$", "Request the changes up to this value of the cursors"),
        "select": text(r"^\s*[^\s-]\S*(\s+[^\s-]\S*)*\s*$", "Build only these dbt models", 500),
    }


def collections_of(options: dict, job: dict) -> list[str]:
    """Returns the collections of a job that are selected: for the job of a group of collections, only its own. Without a
    selection, it returns nothing for a job that is not that of a group, because it has all collections."""
    selected, group = options.get("collections") or [], job["environment"].get("COLLECTIONS")
    return [name for name in group.split(",") if not selected or name in selected] if group else selected


def apply(options: dict, job: dict) -> tuple[list[str], dict[str, str]]:
    """Returns the command and the variables of a job, without its run ID. Options that are not set add nothing."""
    command, environment = [*job["command"]], {**job["environment"]}
    given = {name: options.get(name) for name in ("from_raw", "accept", "source_url", "from", "to")}
    given["collections"] = ",".join(collections_of(options, job))
    given["full_refresh"] = "true" if options.get("full_refresh") else None
    variables = {
        "transformation": {
            "FULL_REFRESH": "full_refresh",
            "COLLECTIONS": "collections",
            "FROM_RAW": "from_raw",
            "SOURCE_URL": "source_url",
            "RANGE_FROM": "from",
            "RANGE_TO": "to",
        },
        "copy": {"ACCEPT": "accept", "COLLECTIONS": "collections"},
    }
    for variable, name in variables.get(command[0], {}).items():
        if given[name]:
            environment[variable] = str(given[name])
    if command[0] == "dbt":
        if given["full_refresh"]:
            command.append("--full-refresh")
        models = options.get("select")
        command += ["--select", *models.split()] if models else job["selection"]
    return command, environment
