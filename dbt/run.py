"""The entry point of the image `dbt-image`: runs dbt and uploads its artifacts to the lake.

    python run.py [dbt] [dbt arguments; default: build]

LAKE_URL  s3://bucket[/prefix]: this run's artifacts are uploaded, even if the run fails, to
          dbt/run=<RUN_ID>/<attempt>/<file>. If it is file:///dir or not set, they are not uploaded. The manifest of the
          newest complete build is also dbt/production/manifest.json, for `--state`, and its documentation is
          dbt/docs/index.html. OpenLineage events are lineage/dbt/run=<RUN_ID>/<command>-<attempt>.jsonl
RUN_ID    the run ID, required if LAKE_URL is in S3: 1 to 64 characters of A-Z a-z 0-9 _ -

If AWS Batch repeats a job (AWS_BATCH_JOB_ID, AWS_BATCH_JOB_ATTEMPT), `dbt build` continues with `dbt retry` what the
preceding attempt has not built. A job has one image, one command and one RUN_ID, so both attempts are the same build.
A new job, for example of Airflow's retry, builds everything.

dbt's arguments and output are passed through. boto3 (region, credentials, AWS_ENDPOINT_URL), dbt (see profiles.yml)
and lineage.py (OPENLINEAGE_URL and others) read the other environment variables.

Exit codes, as for all programs of the platform: 0 success; 1 a model or test failed, or the upload failed permanently;
2 a setting is invalid; 75 temporary failure (dbt's exit code 2, a signal, the network, models that failed only because of
conflicts with other transactions): a retry may succeed.
"""

import argparse
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

DONE, FAILED, USAGE, TEMPFAIL = 0, 1, 2, 75

LOG = "dbt.log"
RESULTS = "run_results.json"
ARTEFACTS = ("manifest.json", RESULTS, "sources.json", "catalog.json")

# The documentation takes about 10 seconds.
DOCS_SECONDS = 120

# The events of a build take 3 seconds, and each of the 280 is a request to the collector.
LINEAGE = Path(__file__).with_name("lineage.py")
LINEAGE_SECONDS = 30

# Temporary S3 errors, in addition to all 5xx responses. ExpiredToken: a new container gets new credentials.
TEMPORARY = ("ExpiredToken", "OperationAborted", "RequestTimeout", "RequestTimeTooSkewed", "SlowDown", "Throttling")


# Redshift's messages about other transactions, in lower case, as in jobs/connect/src/data_api/problem.rs
# (dbt-labs/dbt-adapters#1533, #1542 and #1873).
CONFLICTS = (
    "concurrent transaction",
    "relation with oid",
    "could not serialize",
    "deadlock detected",
    "serializable isolation violation",
)


class Refused(Exception):
    """Raised if a setting is invalid."""


class Stopped(BaseException):
    """Raised on SIGTERM or SIGINT. It is not an Exception, so that no library catches it."""


class Bucket:
    """The lake in S3, and the folder for this process's artifacts."""

    def __init__(self, url, run_id):
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", run_id):
            raise Refused("RUN_ID is not a run ID: use 1 to 64 characters of A-Z a-z 0-9 _ -")
        parts = urlsplit(url)
        # The error does not contain the URL, because the part before an @ may be a secret.
        if not re.fullmatch(r"[A-Za-z0-9._-]+", parts.netloc) or parts.query or parts.fragment:
            raise Refused("LAKE_URL is not s3://bucket or s3://bucket/prefix")
        # A time and 24 random bits, as in the jobs, so that two processes never write the same key. An attempt of a job
        # in AWS Batch is named after the job, for the next attempt.
        job, number = os.environ.get("AWS_BATCH_JOB_ID", ""), os.environ.get("AWS_BATCH_JOB_ATTEMPT", "")
        unique = f"{job}.{number}" if job and number.isdecimal() else secrets.token_hex(3)
        self.preceding = f"-{job}.{int(number) - 1}/{RESULTS}" if job and number.isdecimal() else None
        prefix = [part for part in parts.path.split("/") if part]
        self.name = parts.netloc
        self.place = "/".join([*prefix, "dbt"])
        self.run = f"{self.place}/run={run_id}/"
        self.attempt = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{unique}"
        self.folder = f"{self.run}{self.attempt}"
        self.lineage = "/".join([*prefix, "lineage", "dbt", f"run={run_id}"])
        # Imported only for S3, because the import is slow.
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        # AWS Batch kills a container 30 seconds after SIGTERM; three attempts that time out take less.
        limits = Config(connect_timeout=5, read_timeout=6, retries={"mode": "standard", "total_max_attempts": 3})
        try:
            # With AWS_ENDPOINT_URL, boto3 puts the bucket into the path, as emulators require.
            self.client = boto3.client("s3", config=limits)
        except (BotoCoreError, ValueError) as error:
            hint = "check AWS_ENDPOINT_URL, AWS_DEFAULT_REGION and AWS_PROFILE"
            raise Refused(f"cannot create an S3 client: {type(error).__name__}; hint: {hint}") from error

    def results_of_preceding_attempt(self):
        """Returns the results of the preceding attempt of this job in AWS Batch; None if there are none."""
        from botocore.exceptions import BotoCoreError, ClientError

        if self.preceding is None or self.preceding.endswith(f".0/{RESULTS}"):
            return None
        try:
            listed = self.client.list_objects_v2(Bucket=self.name, Prefix=self.run).get("Contents", [])
            keys = [one["Key"] for one in listed if one["Key"].endswith(self.preceding)]
            found = [json.load(self.client.get_object(Bucket=self.name, Key=key)["Body"]) for key in keys]
            return found[0] if found and found[0]["results"] else None
        except (BotoCoreError, ClientError, ValueError, LookupError, TypeError) as error:
            log(f"warning: cannot read the results of the preceding attempt: {type(error).__name__}; all models are built")
            return None

    def upload(self, before, complete):
        """Uploads the files written since `before`, also for `--state` if the build was `complete`; returns the exit code."""
        from botocore.exceptions import BotoCoreError, ClientError

        name = "artifacts"
        try:
            contents = written(before)
            for name, content in contents.items():
                self.client.put_object(Bucket=self.name, Key=f"{self.folder}/{name}", Body=content)
            if complete and (name := "manifest.json") in contents:
                key = f"{self.place}/production/{name}"
                self.client.put_object(Bucket=self.name, Key=key, Body=contents[name])
        except (BotoCoreError, ClientError) as error:
            kind, message, temporary = classified(error)
            return self.failed(name, f"{kind}: {message}" if message else kind, temporary, self.remedy(kind))
        except Stopped as stopped:
            return self.failed(name, f"stopped by {stopped}", True, "")
        log(f"dbt's artifacts: s3://{self.name}/{self.folder}/ ({', '.join(contents) or 'none written'})")
        return DONE

    def publish_docs(self, target):
        """Generates and uploads the documentation of what was built. A failure is only a warning."""
        from botocore.exceptions import BotoCoreError, ClientError

        # The manifest of the build has the compiled SQL.
        command = ["dbt", "--quiet", "docs", "generate", "--static", "--no-compile"]
        try:
            subprocess.run(command, check=True, timeout=DOCS_SECONDS)
            page, key = (target / "static_index.html").read_bytes(), f"{self.place}/docs/index.html"
            self.client.put_object(Bucket=self.name, Key=key, Body=page, ContentType="text/html; charset=utf-8")
        except (OSError, subprocess.SubprocessError, BotoCoreError, ClientError, Stopped) as error:
            log(f"warning: dbt's documentation was not published: {type(error).__name__}")

    def upload_lineage(self, command, events):
        """Uploads the OpenLineage events of a command. A failure is only a warning."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            key = f"{self.lineage}/{command}-{self.attempt}.jsonl"
            self.client.put_object(Bucket=self.name, Key=key, Body=events)
        except (BotoCoreError, ClientError, Stopped) as error:
            log(f"warning: lineage was not uploaded: {type(error).__name__}")

    def failed(self, name, cause, temporary, remedy):
        hint = "try again" if temporary else remedy
        log(f"error: cannot upload dbt's `{name}` to `s3://{self.name}/{self.folder}/`: {cause}; hint: {hint}")
        return TEMPFAIL if temporary else FAILED

    def remedy(self, kind):
        """Returns the fix for a permanently failed upload."""
        if kind == "NoSuchBucket":
            return f"create the bucket `{self.name}`, or correct LAKE_URL"
        if kind == "AccessDenied":
            return f"the job's role needs `s3:PutObject` on `{self.name}/{self.place}/*`"
        return "check that LAKE_URL, the region and the credentials of the job match"


def classified(error):
    """Returns the error code, S3's message on one line, and whether the error is temporary."""
    from botocore import exceptions as known

    if isinstance(error, known.ClientError):
        details = error.response.get("Error", {})
        kind, message = details.get("Code", "unknown"), details.get("Message", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return kind, " ".join(message.split()), status >= 500 or status == 429 or kind in TEMPORARY
    # The message of a local error may contain a secret, such as an endpoint URL with a password or a header with a token,
    # so only the error type is returned. Fetching credentials also uses the network.
    network = (known.HTTPClientError, known.ConnectionError)
    temporary = isinstance(error, (*network, known.MetadataRetrievalError, known.CredentialRetrievalError))
    return type(error).__name__, "", temporary


def log(line):
    print(line, file=sys.stderr, flush=True)


def output_files(arguments):
    """Returns the paths of the artifacts and the log, from dbt's options, its environment variables or its defaults."""

    def setting(name):
        return os.environ.get(f"DBT_ENGINE_{name}") or os.environ.get(f"DBT_{name}")

    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_argument("--project-dir", default=setting("PROJECT_DIR") or ".")
    options.add_argument("--target-path", default=setting("TARGET_PATH") or "target")
    options.add_argument("--log-path", default=setting("LOG_PATH"))
    found, _ = options.parse_known_args(arguments)
    project = Path(found.project_dir)
    target = project / found.target_path
    # A log path is relative to the current folder, but a target path is relative to the project folder.
    logs = Path(found.log_path) if found.log_path else project / "logs"
    return [*(target / name for name in ARTEFACTS), logs / LOG]


def stamp(file):
    """Returns a value that changes when the file changes, or None if the file does not exist."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def written(before):
    """Returns the files written since `before`, by name. The folder may have older files, and dbt appends to its log."""
    contents = {}
    for file, old in before.items():
        new = stamp(file)
        if new is None or new == old:
            continue
        content = file.read_bytes()
        if file.name == LOG and old and old[0] == new[0] and old[1] <= new[1]:
            content = content[old[1] :]
        contents[file.name] = content
    return contents


def results(before):
    """Returns the results that dbt wrote in this run, or an empty object."""
    try:
        found = json.loads(written(before).get(RESULTS, b"{}"))
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}


def statuses(found):
    """Returns the status of each model, seed and snapshot, and of each test that did not pass, by name."""
    by_name = {}
    try:
        for result in found.get("results", []):
            kind, _, name = result["unique_id"].split(".")[:3]
            if kind in ("model", "seed", "snapshot") or result["status"] != "pass":
                by_name[name] = result["status"]
    except (LookupError, AttributeError, TypeError, ValueError):
        return {}
    return by_name


def is_complete(found):
    """Returns whether the results are those of a build of the whole project, except the models of other sources."""
    options = found.get("args", {})
    of_sources = all(re.fullmatch(r"source:\w+\+", one) for one in options.get("exclude") or ())
    return options.get("which") == "build" and not options.get("select") and of_sources


def add_results(preceding, before):
    """Adds the results of the preceding attempt to dbt's, which has only those of the nodes that it repeated."""
    file = next(file for file in before if file.name == RESULTS)
    new = results(before)
    by_node = {result["unique_id"]: result for one in (preceding, new) for result in one.get("results", [])}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({**preceding, **new, "results": list(by_node.values())}))


def report_lineage(found, target, bucket):
    """Sends the events of dbt's results to the collector and uploads them. A failure is only a warning."""
    with tempfile.TemporaryDirectory() as folder:
        events, command = Path(folder, "events.jsonl"), [sys.executable, LINEAGE, target]
        try:
            limits = {"check": True, "timeout": LINEAGE_SECONDS, "stderr": subprocess.PIPE}
            subprocess.run([*command, events], input=json.dumps(found).encode(), **limits)
        except subprocess.CalledProcessError as error:
            # The last line is the type of the error.
            cause = error.stderr.decode().strip().rsplit("\n", 1)[-1]
            log(f"warning: lineage was not reported completely: {cause}")
        except (OSError, subprocess.SubprocessError, Stopped) as error:
            log(f"warning: lineage was not reported completely: {type(error).__name__}")
        if bucket and events.exists():
            bucket.upload_lineage(found["args"]["which"], events.read_bytes())


def failed_by_conflicts(found):
    """Returns whether the results contain failures, all of which are conflicts with other transactions."""
    try:
        failures = [
            result.get("message")
            for result in found.get("results", [])
            if result["status"] in ("error", "fail", "runtime error")
        ]
    except (LookupError, AttributeError, TypeError):
        return False
    return bool(failures) and all(any(words in str(message).lower() for words in CONFLICTS) for message in failures)


def run_dbt(arguments):
    """Runs dbt, forwards signals, and returns the exit code of this program."""
    dbt, received = None, None

    def forward(number, _frame):
        nonlocal received
        received = number
        if dbt:
            dbt.send_signal(number)

    on_signals(forward)
    # dbt runs in a separate session, so that it receives Ctrl-C only once: forwarded by this program.
    try:
        dbt = subprocess.Popen(["dbt", *arguments], start_new_session=True)
    except OSError as error:
        raise Refused(f"cannot start `dbt`: {error.strerror}; hint: check PATH") from error
    # A signal may have been received while dbt was starting.
    if received:
        dbt.send_signal(received)
    code = dbt.wait()
    on_signals(stop)
    if code == 0:
        return DONE
    # dbt returns 2 for errors other than failed models and tests; a negative code means that a signal stopped it.
    return TEMPFAIL if received or code == 2 or code < 0 else FAILED


def on_signals(handler):
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def stop(number, _frame):
    raise Stopped(signal.Signals(number).name)


def main(arguments):
    on_signals(stop)
    # The command in AWS Batch is `dbt build`.
    if arguments[:1] == ["dbt"]:
        arguments = arguments[1:]
    url = os.environ.get("LAKE_URL", "")
    code = DONE
    try:
        if url and not url.startswith(("s3://", "file:///")):
            raise Refused("LAKE_URL is neither s3://bucket nor file:///dir")
        bucket = Bucket(url, os.environ.get("RUN_ID", "")) if url.startswith("s3://") else None
        arguments = arguments or ["build"]
        before = {file: stamp(file) for file in output_files(arguments)}
        # Other commands of dbt have the options of the build, but not its paths.
        has_followers = bucket and arguments[0] == "build" and output_files(arguments) == output_files([])
        preceding = bucket.results_of_preceding_attempt() if has_followers else None
        with tempfile.TemporaryDirectory() as state:
            if preceding:
                log(f"dbt retry: continuing the preceding attempt of this job ({len(preceding['results'])} results)")
                Path(state, RESULTS).write_text(json.dumps(preceding))
            code = run_dbt(["retry", "--state", state] if preceding else arguments)
        # Those of this attempt.
        built = results(before)
        if preceding:
            add_results(preceding, before)
        found = results(before)
        if nodes := statuses(found):
            # Airflow keeps this line as an XCom.
            log(f"nodes: {json.dumps(nodes)}")
        if code == FAILED and failed_by_conflicts(found):
            code = TEMPFAIL
        complete = code == DONE and is_complete(found)
        # If dbt failed, its exit code takes precedence over that of a failed upload.
        uploaded = bucket.upload(before, complete) if bucket else DONE
        code = code or uploaded
        target = next(iter(before)).parent
        reachable = bucket if uploaded == DONE else None
        if built and (reachable or os.environ.get("OPENLINEAGE_URL")):
            report_lineage(built, target, reachable)
        if has_followers and complete:
            bucket.publish_docs(target)
        return code
    except Refused as error:
        log(f"error: {error}")
        return USAGE
    except Stopped as stopped:
        # The signal arrived before dbt started or just after it exited.
        log(f"error: stopped by {stopped}; hint: try again")
        return code or TEMPFAIL


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
