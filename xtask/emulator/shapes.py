"""Functions that the resource handlers share: MiniStack calls `create`, `update` and `delete` for each type."""

import json
import urllib.error
import urllib.request

from ministack.core.responses import get_account_id, get_region


def arn(service, resource):
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{resource}"


def body(response):
    """Returns the body of a service's response. Raises ValueError with the service's message to fail the resource."""
    status, _headers, text = response
    text = text if isinstance(text, str) else text.decode()
    if status >= 400:
        raise ValueError(text)
    return text


def refuse_changes(before, after, keys):
    """Raises CloudFormation's error for a change that would replace a resource with a fixed name."""
    for key in keys:
        if before.get(key) != after.get(key):
            message = "CloudFormation cannot update a stack when a custom-named resource requires replacing"
            raise ValueError(f"{message}: {key}")


def handlers(create, update, delete):
    return {"create": create, "update": update, "delete": delete}


def lower_camel(value, name=""):
    """Converts CloudFormation's UpperCamel names to the API's lowerCamel names at every depth, except the keys of tags
    and options. Converts numeric parameters of Batch from strings."""
    if name in ("Tags", "Options"):
        return value
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: lower_camel(item, key) for key, item in value.items()}
    if name in ("MaxvCpus", "Attempts", "AttemptDurationSeconds"):
        return int(value)
    return [lower_camel(item) for item in value] if isinstance(value, list) else value


def send(url, key, service, request, headers):
    """Returns another emulator's response to a request with this access key. The credential scope selects the service
    in an emulator of several; nothing is signed. Raises ValueError with the service's message, which fails the
    resource."""
    scope = f"{key}/20260101/{get_region()}/{service}/aws4_request"
    authorization = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"
    headers = {**headers, "Authorization": authorization}
    http_request = urllib.request.Request(url, json.dumps(request).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(http_request, timeout=30) as response:
            return json.loads(response.read() or "{}")
    except urllib.error.HTTPError as error:
        raise ValueError(error.read().decode()) from error
