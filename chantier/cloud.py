"""Where the AWS calls go: a region, and for the embedded AWS another address.

Every module that calls AWS takes a `Cloud`, so that a laptop and an account
run the same code. Nothing here knows which of the two it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Broker:
    """The MQTT endpoint of a cloud.

    Attributes:
        host: name or address that the broker's certificate carries.
        port: TLS port for MQTT with X.509 client certificates.
        ca: PEM file of the authority to trust; None for the system's own list.
    """

    host: str
    port: int
    ca: Path | None


@dataclass(frozen=True)
class Cloud:
    """One AWS region, or the embedded AWS in its place.

    Attributes:
        name: "aws" or "local"; names the folder where identities are kept.
        region: AWS region name.
        endpoint_url: where the API answers; None for AWS's own endpoints.
        ca: PEM file that the API's TLS certificate is checked against.
        credentials: (access key id, secret); None for the usual AWS chain.
        local_broker: the broker, where DescribeEndpoint does not say it.
        profile: of ~/.aws/config; None for AWS_PROFILE, or the usual chain.
    """

    name: str
    region: str
    endpoint_url: str | None = None
    ca: Path | None = None
    credentials: tuple[str, str] | None = None
    local_broker: Broker | None = None
    profile: str | None = None

    def client(self, service: str) -> Any:
        """A boto3 client of `service` (for example "cloudformation")."""
        from botocore.config import Config  # noqa: PLC0415 - a quarter of a second, not for --help

        key, secret = self.credentials or (None, None)
        return _session(self.profile).client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint_url,
            verify=str(self.ca) if self.ca else None,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            config=Config(
                retries={"mode": "standard", "max_attempts": 5},
                s3={"addressing_style": "path"} if self.endpoint_url else {},
            ),
        )

    def broker(self) -> Broker:
        """The MQTT endpoint: AWS IoT's data endpoint, or the embedded broker."""
        if self.local_broker:
            return self.local_broker
        endpoint = self.client("iot").describe_endpoint(endpointType="iot:Data-ATS")
        return Broker(host=endpoint["endpointAddress"], port=8883, ca=None)


@cache
def _session(profile: str | None) -> Any:
    """One session a profile: each would ask for a role, and its MFA code, again.

    What a role gives is kept where the AWS CLI keeps it, so that one code serves both.
    """
    import boto3  # noqa: PLC0415 - a quarter of a second that `--help` should not pay
    from botocore.session import Session  # noqa: PLC0415 - same reason
    from botocore.utils import JSONFileCache  # noqa: PLC0415 - same reason

    inner = Session(profile=profile)
    kept = JSONFileCache(str(Path.home() / ".aws" / "cli" / "cache"))
    inner.get_component("credential_provider").get_provider("assume-role").cache = kept
    return boto3.Session(botocore_session=inner)
