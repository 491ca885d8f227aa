"""Emulates the MWAA API in front of a real Airflow. AIRFLOW_FILE is the path of a JSON file with `url`, `user`,
`password` and `dags`. If it is set, GetEnvironment returns the environments that CloudFormation created, and
InvokeRestApi calls the API of this Airflow.

Like MWAA, it copies the files under `dags/` in the environment's bucket to the `dags` folder given in AIRFLOW_FILE within
seconds, and deletes files that were deleted from the bucket.

As on AWS, the path has at most 64 characters and is prefixed with `/api/v2`; requests to Airflow time out after 10
seconds; a request that Airflow rejects raises a RestApiClientException with Airflow's status and message, and a failure
of Airflow raises a RestApiServerException. Unlike on AWS, there are no login tokens: the Airflow UI requires a user
name and password. Not verified: permissions, and MWAA's changes to Airflow.
"""

import asyncio
import json
import os
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import botocore.exceptions
import botocore.session
from ministack.core.responses import error_response_json, get_region, json_response
from ministack.services import mwaa
from shapes import handlers

FILE = os.environ.get("AIRFLOW_FILE")
PREFIX = "dags/"
POLL_SECONDS = 1
# Buckets that are synchronized to Airflow's DAG folder.
WATCHED = set()
MAX_PATH_LENGTH = 64
TIMEOUT_SECONDS = 10


def airflow_settings():
    """Reads the URL, credentials and DAG folder of Airflow."""
    return json.loads(Path(FILE).read_text())


def send(request):
    """Returns the status and JSON of the response, regardless of the status."""
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
            return response.status, json.loads(response.read() or "{}")
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        try:
            return error.code, json.loads(text)
        except ValueError:
            return error.code, {"detail": text}


def invoke_airflow(data):
    airflow = airflow_settings()
    headers = {"Content-Type": "application/json"}
    login = json.dumps({"username": airflow["user"], "password": airflow["password"]}).encode()
    status, payload = send(urllib.request.Request(f"{airflow['url']}/auth/token", login, headers, method="POST"))
    if status >= 300:
        return status, payload
    headers["Authorization"] = f"Bearer {payload['access_token']}"
    text = json.dumps(data["Body"]).encode() if "Body" in data else None
    url = f"{airflow['url']}/api/v2{data['Path']}"
    return send(urllib.request.Request(url, text, headers, method=data["Method"]))


def error_response(kind, status, payload):
    error = {"__type": kind, "RestApiStatusCode": status, "RestApiResponse": payload}
    return 400, {"Content-Type": "application/json", "x-amzn-ErrorType": kind}, json.dumps(error).encode()


async def invoke(_method, path, _headers, text, _query):
    name, data = path.rstrip("/").rsplit("/", 1)[-1], json.loads(text or "{}")
    if name not in mwaa._environments:
        return error_response_json("ResourceNotFoundException", f"Environment {name} not found", 404)
    if len(data.get("Path", "")) > MAX_PATH_LENGTH:
        return error_response_json("ValidationException", f"Path has more than {MAX_PATH_LENGTH} characters", 400)
    try:
        status, payload = await asyncio.to_thread(invoke_airflow, data)
    except OSError as error:
        return error_response("RestApiServerException", 503, {"detail": f"Airflow did not respond: {error}"})
    if status >= 500:
        return error_response("RestApiServerException", status, payload)
    if status >= 400:
        return error_response("RestApiClientException", status, payload)
    return json_response({"RestApiStatusCode": status, "RestApiResponse": payload})


def token(_method, _path, _headers, _text, _query):
    message = f"login tokens are not supported: sign in at {airflow_settings()['url']} with a user name and password"
    return error_response_json("ValidationException", message, 400)


def with_airflow(own):
    """Returns handlers that connect environments to Airflow if AIRFLOW_FILE is set, otherwise `own`."""

    def create(logical_id, properties, stack):
        name, attributes = own["create"](logical_id, properties, stack)
        register(name, properties)
        return name, attributes

    def update(name, before, after, stack):
        updated = own["update"](name, before, after, stack)
        register(name, after)
        return updated

    def delete(name, properties):
        mwaa._environments.pop(name, None)
        WATCHED.clear()
        own["delete"](name, properties)

    return handlers(create, update, delete) if FILE else own


def sync_dags(bucket, region):
    """Polls the bucket and copies only changed files."""
    folder, endpoint = Path(airflow_settings()["dags"]), f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    session = botocore.session.get_session()
    s3 = session.create_client("s3", region_name=region, endpoint_url=endpoint, **keys)
    known = {}
    while bucket in WATCHED:
        try:
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=PREFIX)
            found = {one["Key"]: one["ETag"] for page in pages for one in page.get("Contents", [])}
            for key in [key for key in known if key not in found]:
                (folder / key.removeprefix(PREFIX)).unlink(missing_ok=True)
                del known[key]
            for key, etag in found.items():
                if known.get(key) != etag:
                    put(folder / key.removeprefix(PREFIX), s3.get_object(Bucket=bucket, Key=key)["Body"].read())
                    known[key] = etag
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            # Try again at the next poll.
            pass
        time.sleep(POLL_SECONDS)


def put(file, content):
    """Writes the file atomically."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.write_bytes(content)
    new.replace(file)


def register(name, properties):
    """Registers the environment as available, and starts synchronizing its bucket."""
    bucket = properties["SourceBucketArn"].rsplit(":", 1)[-1]
    if bucket not in WATCHED:
        WATCHED.add(bucket)
        threading.Thread(target=sync_dags, args=(bucket, get_region()), daemon=True).start()
    host = airflow_settings()["url"].removeprefix("http://")
    environment = {
        "Name": name,
        "Status": "AVAILABLE",
        "AirflowVersion": properties.get("AirflowVersion"),
        "WebserverUrl": host,
    }
    mwaa._environments[name] = environment


if FILE:
    mwaa._invoke_rest_api, mwaa._create_web_login_token = invoke, token
