"""The gap filler's own calls to the embedded AWS, over HTTPS as anybody's.

It reads a delivery stream as deployed, asks IAM whether a rule may put records
into it, and writes objects under the role of the stream or of the rule.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from chantier.local.buffering import Hints
from chantier.local.environment import ACCOUNT, CREDENTIALS
from chantier.local.roles import Session, Untrusted, assume
from chantier.local.streams import Refusal, Stream, Write

FRESH_SECONDS = 30.0
"""After so long a stream's description is looked up again; a deployment may change it."""

STALE_SECONDS = 60.0
"""So long the last one serves meanwhile, so that no message waits for the look."""

_SESSION_SECONDS = 900.0
_MEGABYTE = 1024 * 1024
_FINAL = frozenset({"AccessDenied", "NoSuchBucket", "InvalidAccessKeyId", "InvalidClientTokenId"})
_S3_DESTINATIONS = ("ExtendedS3DestinationDescription", "S3DestinationDescription")


class Unusable(Exception):
    """A delivery stream that a rule cannot put records into; the text is why."""


class Aws:
    """Clients of the embedded AWS at `endpoint`.

    Args:
        endpoint: https URL of the API.
        ca: PEM file of its authority.
        region: AWS region.
    """

    def __init__(self, *, endpoint: str, ca: str, region: str) -> None:
        self._endpoint = endpoint
        self._ca = ca
        self._region = region
        self._lock = threading.Lock()
        self._streams: dict[tuple[str, str, str], tuple[float, Stream]] = {}
        self._stores: dict[tuple[str, str], tuple[float, Any]] = {}
        self._root: dict[str, Any] = {}
        # One for all clients: each of its own would read the services' models again.
        self._session = boto3.session.Session()

    def prepare(self) -> None:
        """Make what the first message needs, before it comes."""
        with self._lock:
            for service in ("firehose", "iam", "s3"):
                self._as_root(service)

    def known(self, name: str, role: str, action: str) -> tuple[Stream | None, bool]:
        """The stream if it was looked at lately, and whether it is time to look again."""
        looked, stream = self._streams.get((name, role, action), (-STALE_SECONDS, None))
        age = time.monotonic() - looked
        return (stream if age < STALE_SECONDS else None), age >= FRESH_SECONDS

    def look(self, name: str, role: str, action: str, source: str) -> Stream:
        """The stream as it is deployed now, which `role` may call `action` on.

        Args:
            name: delivery stream name.
            role: ARN of the rule's role.
            action: the IAM action that the rule needs on the stream.
            source: ARN of the rule.

        Raises:
            Unusable: there is no such stream, or the role may not use it.
        """
        with self._lock:
            stream, due = self.known(name, role, action)
            if stream and not due:
                return stream
            self._streams.pop((name, role, action), None)
            try:
                stream = self._describe(name)
                self._require(role, action, stream.arn, source)
            except (ClientError, BotoCoreError, Untrusted) as reason:
                raise Unusable(str(reason)) from reason
            self._streams[name, role, action] = (time.monotonic(), stream)
            return stream

    def put(self, write: Write) -> None:
        """Write one object under its role.

        Raises:
            Refusal: it was not written.
        """
        try:
            self._store(write).put_object(Bucket=write.bucket, Key=write.key, Body=write.body)
        except Untrusted as reason:
            raise Refusal(str(reason), final=True) from reason
        except ClientError as reason:
            # The role may have been made anew; the next attempt opens a new session.
            self._stores.pop((write.role, write.source), None)
            final = reason.response.get("Error", {}).get("Code", "") in _FINAL
            raise Refusal(str(reason), final=final) from reason
        except BotoCoreError as reason:
            raise Refusal(str(reason), final=False) from reason

    def _describe(self, name: str) -> Stream:
        answer = self._as_root("firehose").describe_delivery_stream(DeliveryStreamName=name)
        return _stream(answer["DeliveryStreamDescription"])

    def _require(self, role: str, action: str, resource: str, source: str) -> None:
        assume(role, service="iot.amazonaws.com", source=source, region=self._region)
        answer = self._as_root("iam").simulate_principal_policy(
            PolicySourceArn=role, ActionNames=[action], ResourceArns=[resource]
        )
        decisions = {result["EvalDecision"] for result in answer["EvaluationResults"]}
        if decisions != {"allowed"}:
            raise Untrusted(f"{role} is not authorized to perform {action} on {resource}")

    def _as_root(self, service: str) -> Any:
        # Making a client takes 30 ms of the interpreter, which the broker shares.
        if service not in self._root:
            self._root[service] = self._client(service, Session(*CREDENTIALS, token=""))
        return self._root[service]

    def _store(self, write: Write) -> Any:
        until, client = self._stores.get((write.role, write.source), (0.0, None))
        if time.monotonic() < until:
            return client
        session = assume(
            write.role, service=write.service, source=write.source, region=self._region
        )
        client = self._client("s3", session)
        self._stores[write.role, write.source] = (time.monotonic() + _SESSION_SECONDS, client)
        return client

    def _client(self, service: str, session: Session) -> Any:
        return self._session.client(
            service,  # type: ignore[call-overload]  # the name is not known statically
            region_name=self._region,
            endpoint_url=self._endpoint,
            verify=self._ca,
            aws_access_key_id=session.key,
            aws_secret_access_key=session.secret,
            aws_session_token=session.token or None,
            config=Config(
                retries={"total_max_attempts": 1},
                connect_timeout=5,
                read_timeout=30,
                s3={"addressing_style": "path"},
            ),
        )


def _stream(description: dict[str, Any]) -> Stream:
    name = description["DeliveryStreamName"]
    destination = next(
        (
            destination[kind]
            for destination in description["Destinations"]
            for kind in _S3_DESTINATIONS
            if kind in destination
        ),
        None,
    )
    if destination is None:
        raise Unusable(f"the delivery stream {name} has no S3 destination")
    hints = destination["BufferingHints"]
    return Stream(
        name=name,
        arn=description["DeliveryStreamARN"],
        version=description["VersionId"],
        role=destination["RoleARN"],
        bucket=destination["BucketARN"].rsplit(":", 1)[-1],
        prefix=destination.get("Prefix", ""),
        error_prefix=destination.get("ErrorOutputPrefix", ""),
        gzip=destination.get("CompressionFormat") == "GZIP",
        hints=Hints(
            size=int(hints.get("SizeInMBs", 5)) * _MEGABYTE,
            seconds=float(hints.get("IntervalInSeconds", 300)),
        ),
    )


def rule_arn(region: str, name: str) -> str:
    """ARN of an IoT rule, the source of what it does."""
    return f"arn:aws:iot:{region}:{ACCOUNT}:rule/{name}"
