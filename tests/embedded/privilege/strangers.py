"""Resources that no role of the stack has anything to do with: each must refuse all of them."""

from __future__ import annotations

from functools import cache

from chantier.local.environment import ACCOUNT
from tests.embedded.privilege.stage import Stage


@cache
def strangers(stage: Stage) -> dict[str, str]:
    """ARNs by what a reader would call them; those in our own bucket too."""
    region, bucket = stage.cloud.region, stage.arns["DataBucket"]
    other = f"arn:aws:s3:::another-{stage.size}"
    # Those that must exist: something is laid in them before a role tries to take it.
    stage.root("sqs").create_queue(QueueName="another")
    stage.root("s3").create_bucket(
        Bucket=f"another-{stage.size}",
        CreateBucketConfiguration={"LocationConstraint": region},
    )

    def arn(service: str, rest: str) -> str:
        return f"arn:aws:{service}:{region}:{ACCOUNT}:{rest}"

    return {
        "the account": "*",
        "DataBucket/elsewhere/*": f"{bucket}/elsewhere/*",
        "DataBucket/*": f"{bucket}/*",
        "DataBucket/quarantine/*": f"{bucket}/quarantine/*",
        "another bucket": other,
        **{
            f"another bucket/{folder}/*": f"{other}/{folder}/*" for folder in ("raw", "quarantine")
        },
        "another table": arn("dynamodb", "table/another"),
        "another table/index/tell": arn("dynamodb", "table/another/index/tell"),
        "AlertsTable/index/open": f"{stage.arns['AlertsTable']}/index/open",
        "another queue": arn("sqs", "another"),
        "another topic": arn("sns", "another"),
        "another function": arn("lambda", "function:another"),
        "another delivery stream": arn("firehose", "deliverystream/another"),
        "iot:thing/another": arn("iot", "thing/another"),
        "another group": arn("iot", "thinggroup/another"),
        "another thing type": arn("iot", "thingtype/another"),
        "another IoT policy": arn("iot", "policy/another"),
        "iot:cert/another": arn("iot", f"cert/{'0' * 64}"),
        "another log": arn("logs", "log-group:another"),
        "another work group": arn("athena", "workgroup/another"),
        "glue:catalog": arn("glue", "catalog"),
        "another database": arn("glue", "database/another"),
        "another parameter": arn("ssm", "parameter/another"),
    }
