"""What the handlers of all types share: MiniStack calls `create`, `update` and `delete` of a type."""

from ministack.core.responses import get_account_id, get_region


def arn(service, resource):
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:{resource}"


def body(response):
    """The body of a service's answer; ValueError, which fails the resource, with the service's words."""
    status, _headers, text = response
    text = text if isinstance(text, str) else text.decode()
    if status >= 400:
        raise ValueError(text)
    return text


def refuse_changes(before, after, keys):
    """CloudFormation's words for a fixed name whose resource would have to be replaced."""
    for key in keys:
        if before.get(key) != after.get(key):
            words = "CloudFormation cannot update a stack when a custom-named resource requires replacing"
            raise ValueError(f"{words}: {key}")


def handlers(create, update, delete):
    return {"create": create, "update": update, "delete": delete}
