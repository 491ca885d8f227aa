"""Clients of AWS for the DAGs, and what their errors mean.

boto3 is imported where it is first needed: loading it takes longer than parsing all the DAGs.
"""

# Answers that another try may change, beside every 5xx and 429. ExpiredToken: the next look brings new credentials.
PASSING = ("ExpiredToken", "ExpiredTokenException", "RequestLimitExceeded", "Throttling", "ThrottlingException")


def client(service: str, region: str, attempts: int = 8):
    """A client that tries a request so many times in all, with growing and jittered waits in between."""
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": attempts}
    return boto3.client(service, region_name=region, config=Config(connect_timeout=5, read_timeout=20, retries=retries))


def errors() -> tuple:
    """The errors of boto3, for an `except`."""
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError


def is_passing(error: Exception) -> bool:
    """Whether the same request may succeed later on."""
    from botocore import exceptions as known

    if isinstance(error, known.ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or status == 429 or code in PASSING or code.startswith("TooManyRequests")
    # Credentials come over the network as well.
    network = (known.HTTPClientError, known.ConnectionError)
    return isinstance(error, (*network, known.MetadataRetrievalError, known.CredentialRetrievalError))
