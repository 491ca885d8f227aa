"""The entry point of the image `dbt-image`: runs dbt, and uploads its artefacts to the lake.

    python run.py [dbt] [arguments of dbt; default: build]

LAKE_URL  s3://bucket[/prefix]: the artefacts of this run, also of a failed one, are uploaded to
          dbt/run=<RUN_ID>/<attempt>/<file>. With file:///dir, or without LAKE_URL, they are not uploaded
RUN_ID    required with S3: the run ID, 1 to 64 characters of A-Z a-z 0-9 _ -

Arguments and output of dbt are passed through. boto3 (region, credentials, AWS_ENDPOINT_URL) and dbt (see profiles.yml)
read the other environment variables.

Exit codes of every program of the platform: 0 success; 1 a model or a test failed, or the upload was refused permanently;
2 a setting is wrong; 75 temporary failure (exit code 2 of dbt, a signal, the network): a retry may succeed.
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

# Temporary errors of S3, in addition to every 5xx. ExpiredToken: a new container gets new credentials.
TEMPORARY = ("ExpiredToken", "OperationAborted", "RequestTimeout", "RequestTimeTooSkewed", "SlowDown", "Throttling")


class Refused(Exception):
    """A setting is wrong."""


class Stopped(BaseException):
    """SIGTERM or SIGINT was received. Not an Exception, so that no library handles it."""


class Bucket:
    """The lake in S3, and the folder for the artefacts of this process."""

    def __init__(self, url, run_id):
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", run_id):
            raise Refused("RUN_ID is not a run ID: use 1 to 64 characters of A-Z a-z 0-9 _ -")
        parts = urlsplit(url)
        # The URL is not shown: the part before an @ may be a secret.
        if not re.fullmatch(r"[A-Za-z0-9._-]+", parts.netloc) or parts.query or parts.fragment:
            raise Refused("LAKE_URL is not s3://bucket or s3://bucket/prefix")
        # As in the jobs: a time and 24 random bits, so that two processes never write the same key.
        attempt = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + f"-{secrets.token_hex(3)}"
        prefix = [part for part in parts.path.split("/") if part]
        self.name = parts.netloc
        self.place = "/".join([*prefix, "dbt"])
        self.folder = f"{self.place}/run={run_id}/{attempt}"
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

    def upload(self, before):
        """Uploads the files written since `before`; returns the exit code."""
        from botocore.exceptions import BotoCoreError, ClientError

        name = "artefacts"
        try:
            contents = written(before)
            for name, content in contents.items():
                self.client.put_object(Bucket=self.name, Key=f"{self.folder}/{name}", Body=content)
        except (BotoCoreError, ClientError) as error:
            kind, message, temporary = classified(error)
            return self.failed(name, f"{kind}: {message}" if message else kind, temporary, self.remedy(kind))
        except Stopped as stopped:
            return self.failed(name, f"stopped by {stopped}", True, "")
        log(f"dbt's artefacts: s3://{self.name}/{self.folder}/ ({', '.join(contents) or 'none was written'})")
        return DONE

    def failed(self, name, cause, temporary, remedy):
        hint = "try again" if temporary else remedy
        log(f"error: cannot upload dbt's `{name}` to `s3://{self.name}/{self.folder}/`: {cause}; hint: {hint}")
        return TEMPFAIL if temporary else FAILED

    def remedy(self, kind):
        """The fix for an upload that was refused permanently."""
        if kind == "NoSuchBucket":
            return f"create the bucket `{self.name}`, or correct LAKE_URL, which names it"
        if kind == "AccessDenied":
            return f"the job's role needs `s3:PutObject` on `{self.name}/{self.place}/*`"
        return "check that LAKE_URL, the region and the credentials of the job match"


def classified(error):
    """The kind of an error, S3's message on one line, and whether the error is temporary."""
    from botocore import exceptions as known

    if isinstance(error, known.ClientError):
        details = error.response.get("Error", {})
        kind, message = details.get("Code", "unknown"), details.get("Message", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return kind, " ".join(message.split()), status >= 500 or status == 429 or kind in TEMPORARY
    # The message of a local error may contain a secret: the endpoint's URL with a password, or a header with a token.
    # Its kind is enough. Credentials are fetched over the network as well.
    network = (known.HTTPClientError, known.ConnectionError)
    temporary = isinstance(error, (*network, known.MetadataRetrievalError, known.CredentialRetrievalError))
    return type(error).__name__, "", temporary


def log(line):
    print(line, file=sys.stderr, flush=True)


def output_files(arguments):
    """The paths of the artefacts and of the log, from dbt's options, its environment, or its defaults."""

    def setting(name):
        return os.environ.get(f"DBT_ENGINE_{name}") or os.environ.get(f"DBT_{name}")

    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    options.add_argument("--project-dir", default=setting("PROJECT_DIR") or ".")
    options.add_argument("--target-path", default=setting("TARGET_PATH") or "target")
    options.add_argument("--log-path", default=setting("LOG_PATH"))
    found, _ = options.parse_known_args(arguments)
    project = Path(found.project_dir)
    target = project / found.target_path
    # A log path is relative to the current folder, a target path to the project's.
    logs = Path(found.log_path) if found.log_path else project / "logs"
    return [*(target / name for name in ARTEFACTS), logs / LOG]


def stamp(file):
    """A value that changes when the file changes; None if the file does not exist."""
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def written(before):
    """The files written since `before`, by name. The folder may have files of older runs, and dbt appends to its log."""
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
    """Runs dbt, forwards signals, and returns the exit code of this program."""
    dbt, received = None, None

    def forward(number, _frame):
        nonlocal received
        received = number
        if dbt:
            dbt.send_signal(number)

    on_signals(forward)
    # In a separate session, so that dbt gets Ctrl-C only once: forwarded by this program.
    try:
        dbt = subprocess.Popen(["dbt", *arguments], start_new_session=True)
    except OSError as error:
        raise Refused(f"cannot start `dbt`: {error.strerror}; hint: check PATH") from error
    # A signal received while dbt was starting.
    if received:
        dbt.send_signal(received)
    code = dbt.wait()
    on_signals(stop)
    if code == 0:
        return DONE
    # dbt returns 2 for errors other than failed models and tests; a negative code is a signal.
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
        before = {file: stamp(file) for file in output_files(arguments)}
        code = run_dbt(arguments or ["build"])
        # A failure of dbt takes precedence over a failed upload.
        uploaded = bucket.upload(before) if bucket else DONE
        return code or uploaded
    except Refused as error:
        log(f"error: {error}")
        return USAGE
    except Stopped as stopped:
        # Before dbt started, or just after it exited.
        log(f"error: stopped by {stopped}; hint: try again")
        return code or TEMPFAIL


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
