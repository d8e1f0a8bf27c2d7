"""A template as plain data, and its intrinsic functions as what they may stand for.

The audit runs in an environment of its own, without chantier: only the standard
library and PyYAML, which checkov brings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

REGION, ACCOUNT = "eu-west-3", "123456789012"
HERE = f"{REGION}:{ACCOUNT}"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "chantier",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::StackId": f"arn:aws:cloudformation:{HERE}:stack/chantier/x",
}
# What GetAtt Arn gives, {} for the name; anything else gets an ARN of its service's usual form.
ARNS = {
    "AWS::Athena::WorkGroup": f"arn:aws:athena:{HERE}:workgroup/{{}}",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{HERE}:table/{{}}",
    "AWS::Events::Rule": f"arn:aws:events:{HERE}:rule/{{}}",
    "AWS::Glue::Database": f"arn:aws:glue:{HERE}:database/{{}}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{}}",
    "AWS::IoT::TopicRule": f"arn:aws:iot:{HERE}:rule/{{}}",
    "AWS::KMS::Key": f"arn:aws:kms:{HERE}:key/{{}}",
    "AWS::KinesisFirehose::DeliveryStream": f"arn:aws:firehose:{HERE}:deliverystream/{{}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{HERE}:function:{{}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{HERE}:log-group:{{}}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{}",
    "AWS::SNS::Topic": f"arn:aws:sns:{HERE}:{{}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{HERE}:{{}}",
    "AWS::SSM::Parameter": f"arn:aws:ssm:{HERE}:parameter/{{}}",
}
# Ref gives an ARN here, a name elsewhere.
REF_IS_ARN = {"AWS::SNS::Topic"}
VARIABLE = re.compile(r"\$\{([^}]+)\}")


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms as their long ones."""


def _long_form(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.SequenceNode):
        value: Any = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        value = loader.construct_mapping(node, deep=True)
    else:
        value = loader.construct_scalar(node)  # type: ignore[arg-type]  # a scalar is what is left
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _long_form)


def load(path: Path) -> dict[str, Any]:
    """The template in a YAML or JSON file, intrinsics in their long form."""
    body: dict[str, Any] = yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506 - a SafeLoader of ours
    return body


def resolved(value: Any, body: dict[str, Any]) -> Any:
    """The value with plausible names and ARNs in the place of every intrinsic function."""
    if isinstance(value, list):
        return [resolved(one, body) for one in value]
    if not isinstance(value, dict):
        return value
    key, inner = next(iter(value.items())) if len(value) == 1 else ("", None)
    if key in INTRINSICS:
        return INTRINSICS[key](inner, body)
    return {key: resolved(inner, body) for key, inner in value.items()}


def _ref(name: str, body: dict[str, Any]) -> str:
    if name in PSEUDO:
        return PSEUDO[name]
    kind = body["Resources"].get(name, {}).get("Type", "")
    if kind in REF_IS_ARN:
        return ARNS[kind].format(name)
    return str(body.get("Parameters", {}).get(name, {}).get("Default") or name)


def _attribute(said: list[str], body: dict[str, Any]) -> str:
    name, attribute = said
    kind = body["Resources"].get(name, {}).get("Type", "AWS::Unknown::Thing")
    _, service, thing = [*kind.split("::"), "", ""][:3]
    usual = f"arn:aws:{service.lower()}:{HERE}:{thing.lower()}/{{}}"
    arn = ARNS.get(kind, usual).format(name)
    if attribute in ("Arn", "TopicArn"):
        return arn
    # A stream's label is a time; parliament splits an ARN at every colon.
    return f"{arn}/stream/2026-01-01T00-00-00.000" if attribute == "StreamArn" else name


def _sub(said: Any, body: dict[str, Any]) -> str:
    text, own = said if isinstance(said, list) else (said, {})

    def put(found: re.Match[str]) -> str:
        name = found[1]
        if name.startswith("!"):
            # AWS IoT's thing-policy variables stand for a thing's name.
            return "EX-001" if name.startswith("!iot:") else f"${{{name[1:]}}}"
        if name in own:
            return str(resolved(own[name], body))
        return _attribute(name.split(".", 1), body) if "." in name else _ref(name, body)

    return VARIABLE.sub(put, text)


INTRINSICS: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": _attribute,
    "Fn::Sub": _sub,
    "Fn::If": lambda said, body: resolved(said[1], body),
    "Fn::Join": lambda said, body: str(said[0]).join(map(str, resolved(said[1], body))),
}
