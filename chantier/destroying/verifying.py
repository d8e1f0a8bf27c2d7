"""Whether anything is left, asked of each service itself, then of the index of tags."""

from __future__ import annotations

from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from chantier.cloud import Cloud
from chantier.destroying.finding import Resource, stack_of, tagged
from chantier.machines.retiring import statuses, things_of_site
from chantier.pacing import each, paced
from chantier.stack import stack_name

# Type -> service, the operation that finds one, and the name of what it is asked for.
QUESTIONS = {
    "AWS::DynamoDB::Table": ("dynamodb", "describe_table", "TableName"),
    "AWS::IAM::Role": ("iam", "get_role", "RoleName"),
    "AWS::IoT::Policy": ("iot", "get_policy", "policyName"),
    "AWS::IoT::ProvisioningTemplate": ("iot", "describe_provisioning_template", "templateName"),
    "AWS::IoT::Thing": ("iot", "describe_thing", "thingName"),
    "AWS::IoT::ThingGroup": ("iot", "describe_thing_group", "thingGroupName"),
    "AWS::IoT::ThingType": ("iot", "describe_thing_type", "thingTypeName"),
    "AWS::IoT::TopicRule": ("iot", "get_topic_rule", "ruleName"),
    "AWS::KinesisFirehose::DeliveryStream": (
        "firehose",
        "describe_delivery_stream",
        "DeliveryStreamName",
    ),
    "AWS::Lambda::Function": ("lambda", "get_function", "FunctionName"),
    "AWS::Logs::LogGroup": ("logs", "describe_log_streams", "logGroupName"),
    "AWS::S3::Bucket": ("s3", "head_bucket", "Bucket"),
    "AWS::SNS::Topic": ("sns", "get_topic_attributes", "TopicArn"),
    "AWS::SQS::Queue": ("sqs", "get_queue_attributes", "QueueUrl"),
}
GONE = (
    "404",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchBucket",
    "NoSuchEntity",
    "NotFound",
    "QueueDoesNotExist",
    "ResourceNotFound",
    "ResourceNotFoundException",
    # AWS IoT says so of a rule that it does not have.
    "UnauthorizedException",
)


class Left(NamedTuple):
    """What was found after the end.

    Attributes:
        there: what is certainly still there, a line each.
        unknown: what could not be asked about, a line each.
        tagged: ARNs that only the index of tags still names; it lags behind by hours.
        asked: how many resources were asked about.
    """

    there: tuple[str, ...]
    unknown: tuple[str, ...]
    tagged: tuple[str, ...]
    asked: int


def verify(
    cloud: Cloud,
    site: str,
    resources: tuple[Resource, ...],
    certificates: tuple[str, ...],
    *,
    kept: frozenset[str],
) -> Left:
    """Ask for everything that there was.

    Args:
        cloud: where.
        site: site name.
        resources: all that the site had.
        certificates: ARNs of those it had.
        kept: names of what stays, on purpose.
    """
    asked = [one for one in resources if one.kind in QUESTIONS and one.name not in kept]
    answers = each(lambda one: _is_there(cloud, one), asked)
    there = [f"{one.of.kind} {one.of.name}" for one in answers if one.made]
    unknown = [f"{one.of.kind} {one.of.name}: {one.error}" for one in answers if one.error]
    iot = paced(cloud.client("iot"))
    there += [f"AWS::IoT::Thing {name}" for name in things_of_site(iot, site)]
    # A listing, and not a question for each: there may be thousands.
    known = statuses(iot) if certificates else {}
    there += [
        f"AWS::IoT::Certificate {arn.rpartition('/')[2]}"
        for arn in certificates
        if arn in known and arn not in kept
    ]
    if stack_of(cloud, stack_name(site)):
        there.append(f"AWS::CloudFormation::Stack {stack_name(site)}")
    named, why = _tagged(cloud, site, kept)
    names = {name for one in there for name in one.split()[1:]}
    return Left(
        tuple(dict.fromkeys(there)),
        (*unknown, *why),
        tuple(arn for arn in named if not any(name in arn for name in names)),
        len(asked) + len(certificates) + 3,
    )


def _is_there(cloud: Cloud, one: Resource) -> bool:
    service, operation, parameter = QUESTIONS[one.kind]
    request = {parameter: one.name}
    if operation == "get_queue_attributes":
        request |= {"AttributeNames": ["QueueArn"]}  # type: ignore[dict-item]  # another operation's
    try:
        told = getattr(cloud.client(service), operation)(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] in GONE:
            return False
        raise
    # A table on its way out is as good as gone, and DynamoDB says for how long.
    return bool(told.get("Table", {}).get("TableStatus") != "DELETING")


def _tagged(cloud: Cloud, site: str, kept: frozenset[str]) -> tuple[list[str], tuple[str, ...]]:
    try:
        arns = list(tagged(cloud, site))
    except (ClientError, BotoCoreError) as error:
        return [], (f"the index of tags: {error}",)
    return [arn for arn in arns if not any(arn.endswith(name) for name in kept)], ()
