"""One call to be made: by whom, where, and on which resource."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from chantier.local.environment import ACCOUNT
from tests.embedded.privilege.stage import Clients, Stage


class Ask(NamedTuple):
    """One call to be made.

    Attributes:
        by: clients of who asks.
        stage: where; it prepares what the call needs.
        arn: what it is about.
    """

    by: Clients
    stage: Stage
    arn: str

    @property
    def name(self) -> str:
        """Of a table, queue, function, stream: the first part after its kind."""
        return self.arn.split(":", 5)[5].rpartition(":")[2].removeprefix("table/").split("/")[-1]

    @property
    def table(self) -> dict[str, str]:
        """Table, and index if it is one, as DynamoDB takes them."""
        _, table, *part = self.arn.split(":", 5)[5].split("/")
        return {"TableName": table} | ({"IndexName": part[1]} if "index" in part else {})

    @property
    def place(self) -> dict[str, str]:
        """Bucket and key of an object."""
        bucket, _, key = self.arn.rpartition(":")[2].partition("/")
        return {"Bucket": bucket, "Key": key.replace("*", "proof.json")}

    @property
    def queue(self) -> str:
        """URL of a queue."""
        return f"{self.by('sqs').meta.endpoint_url}/{ACCOUNT}/{self.name}"

    @property
    def log(self) -> str:
        """Name of a log group."""
        return self.arn.split(":", 6)[6].partition(":")[0]

    def fresh_log(self) -> str:
        """Name of a log group that is not there."""
        logs = self.stage.root("logs")
        with suppress(logs.exceptions.ResourceNotFoundException):
            logs.delete_log_group(logGroupName=self.log)
        return self.log

    def receipt(self) -> str:
        """Of a message that was received."""
        root = self.stage.root("sqs")
        root.send_message(QueueUrl=self.queue, MessageBody="proof")
        (message,) = root.receive_message(QueueUrl=self.queue, WaitTimeSeconds=5)["Messages"]
        return str(message["ReceiptHandle"])

    def upload(self) -> dict[str, str]:
        """An upload in parts that was begun."""
        begun = self.stage.root("s3").create_multipart_upload(**self.place)
        return {**self.place, "UploadId": begun["UploadId"]}


class Call(NamedTuple):
    """How an action is called, and on what kinds of resource."""

    kinds: tuple[str, ...]
    make: Callable[[Ask], Any]


def kind(arn: str) -> str:
    """What an ARN is of: table, index, bucket, object, queue, topic, function, ..."""
    if arn == "*":
        return "account"
    _, _, service, _, _, rest = arn.split(":", 5)
    if service == "dynamodb":
        return {"": "table", "index": "index", "stream": "feed"}[(*rest.split("/"), "")[2]]
    if service == "s3":
        return "object" if "/" in rest else "bucket"
    if service == "logs":
        return "streams of a log" if rest.endswith(":*") else "log"
    if service in {"iot", "athena", "glue"}:
        return rest.partition("/")[0]
    return {"sqs": "queue", "sns": "topic", "lambda": "function", "firehose": "stream"}.get(
        service, service
    )
