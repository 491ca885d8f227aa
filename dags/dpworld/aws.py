"""AWS clients for the DAGs, and error classification.

boto3 and the provider are imported on first use, because loading them takes longer than parsing all DAGs.
"""

# The Connection with Airflow's credentials: on MWAA, the environment's execution role.
CONNECTION = "aws_default"
# Temporary errors, in addition to every 5xx and 429. ExpiredToken: the next request uses new credentials.
TEMPORARY = ("ExpiredToken", "ExpiredTokenException", "RequestLimitExceeded", "Throttling", "ThrottlingException")


def client(service: str, region: str, attempts: int = 8):
    """Returns a client that attempts each request at most `attempts` times, with exponential backoff and jitter."""
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": attempts}
    config = Config(connect_timeout=5, read_timeout=20, retries=retries)
    return AwsBaseHook(CONNECTION, client_type=service, region_name=region, config=config).conn


def errors() -> tuple:
    """Returns boto3's exception types, for an `except` clause."""
    from botocore.exceptions import BotoCoreError, ClientError

    return BotoCoreError, ClientError


def is_temporary(error: Exception) -> bool:
    """Returns whether the same request may succeed later."""
    from botocore import exceptions as known

    if isinstance(error, known.ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        return status >= 500 or status == 429 or code in TEMPORARY or code.startswith("TooManyRequests")
    # Credentials are fetched over the network as well.
    network = (known.HTTPClientError, known.ConnectionError)
    return isinstance(error, (*network, known.MetadataRetrievalError, known.CredentialRetrievalError))
