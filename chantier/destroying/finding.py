"""What there is of a site: its stack and what it holds, and what the stack left behind.

A stack that is gone takes its list of resources with it. What is needed after that is
written down before the first deletion (`Notes`), and what bears the site's tag can be found
from any other computer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from botocore.exceptions import BotoCoreError, ClientError

from chantier.cloud import Cloud
from chantier.identity import keep_out_of_git, write_private
from chantier.stack import stack_name

SITE_TAG, STACK_TAG = "chantier:site", "aws:cloudformation:stack-name"
NAMED = 40
RETAINED = ("Retain", "RetainExceptOnCreate")
BUCKET, TABLE, LOG_GROUP = "AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Logs::LogGroup"
POLICY, THING, TYPE = "AWS::IoT::Policy", "AWS::IoT::Thing", "AWS::IoT::ThingType"
CERTIFICATE = "AWS::IoT::Certificate"
STREAM = "AWS::KinesisFirehose::DeliveryStream"
# How an ARN says of what kind it is: of those that outlive their stack.
KINDS = {("s3", ""): BUCKET, ("dynamodb", "table"): TABLE}


class Resource(NamedTuple):
    """Something that a site has in AWS.

    Attributes:
        kind: its CloudFormation type.
        name: its physical id.
        stays: whether CloudFormation leaves it when it deletes the stack.
    """

    kind: str
    name: str
    stays: bool


class Stack(NamedTuple):
    """A stack that is there.

    Attributes:
        name: its name.
        id: its ARN, by which it can be asked about after its deletion.
        status: CloudFormation's.
        protected: whether termination protection is on.
        parameters: by name.
        resources: what it holds.
    """

    name: str
    id: str
    status: str
    protected: bool
    parameters: Mapping[str, str]
    resources: tuple[Resource, ...]


class Traces(NamedTuple):
    """Everything that was found of a site, beside its machines.

    Attributes:
        stack: None if it is gone.
        resources: of the stack, of the notes of an interrupted run, and by the site's tag.
        unfinished: whether an earlier run stopped half-way.
    """

    stack: Stack | None
    resources: tuple[Resource, ...]
    unfinished: bool

    def names(self, kind: str) -> list[str]:
        """Physical ids of one type."""
        return [one.name for one in self.resources if one.kind == kind]


class _Loader(yaml.SafeLoader):
    """YAML of CloudFormation, whose short forms of functions do not matter here."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)


def find(cloud: Cloud, site: str, *, home: Path) -> Traces:
    """What there is of a site in its account and region."""
    stack = stack_of(cloud, stack_name(site))
    noted = read_notes(home, cloud, site)
    traces = (*_named(cloud, site), *_tagged(cloud, site), *noted)
    found = {(one.kind, one.name): one for one in traces}
    found |= {(one.kind, one.name): one for one in (stack.resources if stack else ())}
    return Traces(stack, tuple(found.values()), bool(noted))


def stack_of(cloud: Cloud, name: str) -> Stack | None:
    """A stack with its resources; None if there is none."""
    client = cloud.client("cloudformation")
    try:
        told = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    if told["StackStatus"] == "DELETE_COMPLETE":
        return None
    retained = _retained(client, name)
    pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
    held = [one for page in pages for one in page["StackResourceSummaries"]]
    return Stack(
        name,
        told["StackId"],
        told["StackStatus"],
        bool(told.get("EnableTerminationProtection")),
        {one["ParameterKey"]: one["ParameterValue"] for one in told.get("Parameters", [])},
        tuple(
            Resource(
                one["ResourceType"],
                one["PhysicalResourceId"],
                one["LogicalResourceId"] in retained,
            )
            for one in held
            if one.get("PhysicalResourceId") and one["ResourceStatus"] != "DELETE_COMPLETE"
        ),
    )


def _retained(client: Any, name: str) -> set[str]:
    """Logical ids of what the stack's template says to leave."""
    try:
        body = client.get_template(StackName=name)["TemplateBody"]
    except ClientError:
        # A stack without a template holds nothing.
        return set()
    said = yaml.load(body, _Loader) if isinstance(body, str) else body  # noqa: S506 - safe: _Loader
    return {
        logical_id
        for logical_id, one in (said or {}).get("Resources", {}).items()
        if one.get("DeletionPolicy") in RETAINED
    }


def tagged(cloud: Cloud, site: str) -> dict[str, dict[str, str]]:
    """Tags by ARN of all that bears a site's tag; the index of tags lags behind deletions."""
    pages = (
        cloud.client("resourcegroupstaggingapi")
        .get_paginator("get_resources")
        .paginate(TagFilters=[{"Key": SITE_TAG, "Values": [site]}])
    )
    return {
        str(one["ResourceARN"]): {tag["Key"]: tag["Value"] for tag in one["Tags"]}
        for page in pages
        for one in page["ResourceTagMappingList"]
    }


def _tagged(cloud: Cloud, site: str) -> Iterator[Resource]:
    """Buckets and tables that a former stack of the site left.

    The tag alone is not enough: anybody may put it on a bucket of their own, for the bill.
    """
    try:
        found = tagged(cloud, site)
    except (ClientError, BotoCoreError):
        # Who may not ask for tags still may have a stack and notes.
        return
    for arn, tags in found.items():
        service, path = arn.split(":")[2], arn.split(":", 5)[5]
        of, slash, rest = path.partition("/")
        kind, name = KINDS.get((service, of if slash else "")), rest or path
        stack = stack_name(site)
        # CloudFormation names what has no name of its own after the stack, as far as it fits.
        named = name.lower().startswith(f"{stack}-"[:NAMED])
        if kind and tags.get(STACK_TAG, stack if named else "") == stack:
            yield Resource(kind, name, stays=True)


def _named(cloud: Cloud, site: str) -> Iterator[Resource]:
    """Buckets that bear the name which CloudFormation gave to a site's data bucket.

    The index of tags may not know them yet, or not any more.
    """
    client, prefix = cloud.client("s3"), f"{stack_name(site)}-databucket-"
    with suppress(ClientError):
        for one in client.list_buckets()["Buckets"]:
            name = str(one["Name"])
            if name.startswith(prefix):
                region = client.head_bucket(Bucket=name).get("BucketRegion", cloud.region)
                if region == cloud.region:
                    yield Resource(BUCKET, name, stays=True)


def _path(home: Path, cloud: Cloud, site: str) -> Path:
    return home / cloud.name / "destroying" / f"{site}.json"


def write_notes(home: Path, cloud: Cloud, site: str, resources: tuple[Resource, ...]) -> None:
    """Write down what there is, before it cannot be asked any more."""
    keep_out_of_git(home)
    text = json.dumps([one._asdict() for one in resources], indent=1)
    write_private(_path(home, cloud, site), text.encode())


def read_notes(home: Path, cloud: Cloud, site: str) -> tuple[Resource, ...]:
    """What an interrupted run wrote down; nothing where none was interrupted."""
    try:
        said = json.loads(_path(home, cloud, site).read_text("utf-8"))
        return tuple(Resource(**one) for one in said)
    except (OSError, ValueError, TypeError):
        return ()


def drop_notes(home: Path, cloud: Cloud, site: str) -> None:
    """Nothing is left that they would be needed for."""
    _path(home, cloud, site).unlink(missing_ok=True)
