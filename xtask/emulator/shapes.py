"""Functions that the resource handlers share: MiniStack calls `create`, `update` and `delete` for each type."""

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
