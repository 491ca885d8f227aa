"""MWAA's runtime in front of a real Airflow: where AIRFLOW_FILE names a file with `url`, `user` and `password`, an environment
that CloudFormation made answers GetEnvironment, and InvokeRestApi goes to that Airflow's own API.

It also does MWAA's part of the DAGs: what is below `dags/` in the environment's bucket comes into the folder `dags` of that
file, and goes when it is gone there, within seconds.

As AWS has it: `/api/v2` stands before the path, which has at most 64 characters; Airflow has 10 seconds; what it refuses is a
RestApiClientException with its status and words, what it fails at a RestApiServerException. Not so: there are no login
tokens, as Airflow's pages here want user and password. Who may ask, and what MWAA does to Airflow, it does not prove.
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
LOOK_SECONDS = 1
# Buckets whose DAGs Airflow gets.
WATCHED = set()
LONGEST_PATH = 64
SECONDS = 10


def behind_us():
    """Where the Airflow is, how to enter it, and where its DAGs lie."""
    return json.loads(Path(FILE).read_text())


def answered(question):
    """Status and JSON of an answer, whatever the status."""
    try:
        with urllib.request.urlopen(question, timeout=SECONDS) as answer:
            return answer.status, json.loads(answer.read() or "{}")
    except urllib.error.HTTPError as error:
        text = error.read().decode()
        try:
            return error.code, json.loads(text)
        except ValueError:
            return error.code, {"detail": text}


def ask(data):
    airflow = behind_us()
    headers = {"Content-Type": "application/json"}
    login = json.dumps({"username": airflow["user"], "password": airflow["password"]}).encode()
    status, told = answered(urllib.request.Request(f"{airflow['url']}/auth/token", login, headers, method="POST"))
    if status >= 300:
        return status, told
    headers["Authorization"] = f"Bearer {told['access_token']}"
    text = json.dumps(data["Body"]).encode() if "Body" in data else None
    url = f"{airflow['url']}/api/v2{data['Path']}"
    return answered(urllib.request.Request(url, text, headers, method=data["Method"]))


def refused(kind, status, told):
    answer = {"__type": kind, "RestApiStatusCode": status, "RestApiResponse": told}
    return 400, {"Content-Type": "application/json", "x-amzn-ErrorType": kind}, json.dumps(answer).encode()


async def invoke(_method, path, _headers, text, _query):
    name, data = path.rstrip("/").rsplit("/", 1)[-1], json.loads(text or "{}")
    if name not in mwaa._environments:
        return error_response_json("ResourceNotFoundException", f"Environment {name} not found", 404)
    if len(data.get("Path", "")) > LONGEST_PATH:
        return error_response_json("ValidationException", f"Path has more than {LONGEST_PATH} characters", 400)
    try:
        status, told = await asyncio.to_thread(ask, data)
    except OSError as error:
        return refused("RestApiServerException", 503, {"detail": f"Airflow does not answer: {error}"})
    if status >= 500:
        return refused("RestApiServerException", status, told)
    if status >= 400:
        return refused("RestApiClientException", status, told)
    return json_response({"RestApiStatusCode": status, "RestApiResponse": told})


def token(_method, _path, _headers, _text, _query):
    words = f"there are no login tokens here: sign in at {behind_us()['url']} with user and password"
    return error_response_json("ValidationException", words, 400)


def behind(own):
    """Handlers of environments with the runtime behind them."""

    def create(logical_id, properties, stack):
        name, attributes = own["create"](logical_id, properties, stack)
        answer_for(name, properties)
        return name, attributes

    def update(name, before, after, stack):
        updated = own["update"](name, before, after, stack)
        answer_for(name, after)
        return updated

    def delete(name, properties):
        mwaa._environments.pop(name, None)
        WATCHED.clear()
        own["delete"](name, properties)

    return handlers(create, update, delete) if FILE else own


def take_dags(bucket, region):
    """Looks at the bucket again and again; what has not changed is not read."""
    folder, place = Path(behind_us()["dags"]), f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    session = botocore.session.get_session()
    s3 = session.create_client("s3", region_name=region, endpoint_url=place, **keys)
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
            # The next look may see more.
            pass
        time.sleep(LOOK_SECONDS)


def put(file, content):
    """Whole, or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.write_bytes(content)
    new.replace(file)


def answer_for(name, properties):
    """An environment answers from now on."""
    bucket = properties["SourceBucketArn"].rsplit(":", 1)[-1]
    if bucket not in WATCHED:
        WATCHED.add(bucket)
        threading.Thread(target=take_dags, args=(bucket, get_region()), daemon=True).start()
    host = behind_us()["url"].removeprefix("http://")
    told = {
        "Name": name,
        "Status": "AVAILABLE",
        "AirflowVersion": properties.get("AirflowVersion"),
        "WebserverUrl": host,
    }
    mwaa._environments[name] = told


if FILE:
    mwaa._invoke_rest_api, mwaa._create_web_login_token = invoke, token
