"""The entry point of the image `dbt-image`: runs dbt, and keeps what it leaves in the lake.

    python run.py [dbt] [dbt's arguments; without any: build]

LAKE_URL  s3://bucket[/prefix]: afterwards, whether dbt succeeded or not, the artefacts of this run are put there as
          dbt/run=<RUN_ID>/<attempt>/<file>. With file:///dir or without it they stay where dbt put them
RUN_ID    with S3: the run's id, 1 to 64 characters of A-Z a-z 0-9 _ -

dbt gets the arguments as they are, and its output goes straight through. The rest of the environment is boto3's
(region, credentials, AWS_ENDPOINT_URL) and dbt's (profiles.yml says what it asks for).

Exit codes, as of every program of the platform: 0 done; 1 a model or a test failed, or the artefacts were refused for
good; 2 a setting is wrong; 75 failed for now (dbt's own 2, a signal, the network), so trying again may help.
"""

import argparse
import os
import re
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

DONE, FAILED, USAGE, TEMPFAIL = 0, 1, 2, 75

LOG = "dbt.log"
ARTEFACTS = ("manifest.json", "run_results.json", "sources.json", "catalog.json")

# Answers of S3 that another try may change, beside every 5xx. ExpiredToken: a new container gets new credentials.
PASSING = ("ExpiredToken", "OperationAborted", "RequestTimeout", "RequestTimeTooSkewed", "SlowDown", "Throttling")


class Refused(Exception):
    """A setting that is wrong."""


class Stopped(BaseException):
    """SIGTERM or SIGINT came. No Exception, so that no library takes it for a failure of its own."""


class Bucket:
    """The lake in S3, with the place in it for what this start of the program leaves."""

    def __init__(self, url, run_id):
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", run_id):
            raise Refused("RUN_ID is no run id: 1 to 64 characters of A-Z a-z 0-9 _ -")
        parts = urlsplit(url)
        # The URL is not shown: what stands before an @ may be a secret.
        if not re.fullmatch(r"[A-Za-z0-9._-]+", parts.netloc) or parts.query or parts.fragment:
            raise Refused("LAKE_URL is not s3://bucket or s3://bucket/prefix")
        # As the jobs do it: a time, then 24 bits of chance, so that two starts never write the same key.
        attempt = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + f"-{secrets.token_hex(3)}"
        prefix = [part for part in parts.path.split("/") if part]
        self.name = parts.netloc
        self.place = "/".join([*prefix, "dbt"])
        self.folder = f"{self.place}/run={run_id}/{attempt}"
        # Only S3 needs it, and loading it takes longer than all else here.
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        # AWS Batch kills a container 30 seconds after its SIGTERM; three attempts that hang take less.
        limits = Config(connect_timeout=5, read_timeout=6, retries={"mode": "standard", "total_max_attempts": 3})
        try:
            # With AWS_ENDPOINT_URL boto3 puts the bucket into the path, which is what emulators need.
            self.client = boto3.client("s3", config=limits)
        except (BotoCoreError, ValueError) as error:
            hint = "see AWS_ENDPOINT_URL, AWS_DEFAULT_REGION and AWS_PROFILE"
            raise Refused(f"no client for S3 can be made: {type(error).__name__}; hint: {hint}") from error

    def keep(self, before):
        """Puts there what was written since `before`; 0, or the exit code that says whether trying again may help."""
        from botocore.exceptions import BotoCoreError, ClientError

        name = "artefacts"
        try:
            contents = written(before)
            for name, content in contents.items():
                self.client.put_object(Bucket=self.name, Key=f"{self.folder}/{name}", Body=content)
        except (BotoCoreError, ClientError) as error:
            kind, message, passing = judged(error)
            return self.failed(name, f"{kind}: {message}" if message else kind, passing, self.remedy(kind))
        except Stopped as stopped:
            return self.failed(name, f"stopped by {stopped}", True, "")
        say(f"dbt's artefacts: s3://{self.name}/{self.folder}/ ({', '.join(contents) or 'none was written'})")
        return DONE

    def failed(self, name, cause, passing, remedy):
        hint = "try again" if passing else remedy
        say(f"error: cannot put dbt's `{name}` to `s3://{self.name}/{self.folder}/`: {cause}; hint: {hint}")
        return TEMPFAIL if passing else FAILED

    def remedy(self, kind):
        """What mends an upload that was refused for good."""
        if kind == "NoSuchBucket":
            return f"create the bucket `{self.name}`, or correct LAKE_URL, which names it"
        if kind == "AccessDenied":
            return f"the job's role needs `s3:PutObject` on `{self.name}/{self.place}/*`"
        return "see that LAKE_URL, the region and the credentials of the job belong together"


def judged(error):
    """What kind of error it is, S3's own words on one line, and whether trying again may help."""
    from botocore import exceptions as known

    if isinstance(error, known.ClientError):
        answer = error.response.get("Error", {})
        kind, message = answer.get("Code", "unknown"), answer.get("Message", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return kind, " ".join(message.split()), status >= 500 or status == 429 or kind in PASSING
    # The text of an error that arose on this side may show a secret: the endpoint's URL with a password in it, a
    # header with a token that cannot be sent. Its kind says enough. Credentials come over the network as well.
    network = (known.HTTPClientError, known.ConnectionError)
    passing = isinstance(error, (*network, known.MetadataRetrievalError, known.CredentialRetrievalError))
    return type(error).__name__, "", passing


def say(line):
    print(line, file=sys.stderr, flush=True)


def places(arguments):
    """Where dbt will write: as its options say, else its environment, else its defaults; artefacts, then the log."""

    def setting(name):
        return os.environ.get(f"DBT_ENGINE_{name}") or os.environ.get(f"DBT_{name}")

    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_argument("--project-dir", default=setting("PROJECT_DIR") or ".")
    options.add_argument("--target-path", default=setting("TARGET_PATH") or "target")
    options.add_argument("--log-path", default=setting("LOG_PATH"))
    found, _ = options.parse_known_args(arguments)
    project = Path(found.project_dir)
    target = project / found.target_path
    # A log path that is given counts from the current folder, a target path from the project's.
    logs = Path(found.log_path) if found.log_path else project / "logs"
    return [*(target / name for name in ARTEFACTS), logs / LOG]


def stamp(file):
    """What tells one state of a file from the next; None where there is none."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def written(before):
    """What was written since `before`, by file name. dbt leaves alone what a command does not make, so that files of
    older runs lie beside the new ones; to its log it appends."""
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


def run_dbt(arguments):
    """Runs dbt to its end, passing signals on; our exit code for it."""
    dbt, came = None, None

    def pass_on(number, _frame):
        nonlocal came
        came = number
        if dbt:
            dbt.send_signal(number)

    on_signals(pass_on)
    # In a session of its own: Ctrl-C at a terminal then reaches us alone, and dbt gets it once.
    try:
        dbt = subprocess.Popen(["dbt", *arguments], start_new_session=True)
    except OSError as error:
        raise Refused(f"cannot start `dbt`: {error.strerror}; hint: PATH must lead to it") from error
    # One that came while dbt was being started.
    if came:
        dbt.send_signal(came)
    code = dbt.wait()
    on_signals(stop)
    if code == 0:
        return DONE
    # dbt's 2 is for what is no model's or test's fault; a negative code is the signal that ended it.
    return TEMPFAIL if came or code == 2 or code < 0 else FAILED


def on_signals(handler):
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handler)


def stop(number, _frame):
    raise Stopped(signal.Signals(number).name)


def main(arguments):
    on_signals(stop)
    # AWS Batch gives the command as people say it: `dbt build`.
    if arguments[:1] == ["dbt"]:
        arguments = arguments[1:]
    url = os.environ.get("LAKE_URL", "")
    code = DONE
    try:
        if url and not url.startswith(("s3://", "file:///")):
            raise Refused("LAKE_URL is neither s3://bucket nor file:///dir")
        bucket = Bucket(url, os.environ.get("RUN_ID", "")) if url.startswith("s3://") else None
        before = {file: stamp(file) for file in places(arguments)}
        code = run_dbt(arguments or ["build"])
        # dbt's own failure outweighs a failed upload.
        kept = bucket.keep(before) if bucket else DONE
        return code or kept
    except Refused as error:
        say(f"error: {error}")
        return USAGE
    except Stopped as stopped:
        # Before dbt began, or just after it ended.
        say(f"error: stopped by {stopped}; hint: try again")
        return code or TEMPFAIL


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
