"""The resources of a template as a CDK app: what `bench/synth.py` times `chantier synth` against.

    python app.py TEMPLATE.json OUTPUT_FOLDER

Run by a Python that has aws-cdk-lib; nothing of chantier is imported. Each resource is the
typed L1 construct of its service, as people write them, with the template's own properties: so
CDK loads what it loads for an app like this, and is spared the work of a site file, of bundling
code and of writing YAML. A resource that its L1 construct does not take so is a plain
CfnResource; the last line says how many were.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
from typing import Any

import aws_cdk

MODULES = {
    "KinesisFirehose": "kinesisfirehose",
    "DynamoDB": "dynamodb",
    "CloudWatch": "cloudwatch",
}
# These hold what people name or other languages: keys stay as they are.
FREE = ("Document", "Map", "Parameters")
NUMBERS = ("InSeconds", "InMBs", "InDays")


def snake(name: str) -> str:
    """`BucketARN` -> `bucket_arn`."""
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name).lower()


def camel(name: str) -> str:
    """`BucketARN` -> `bucketArn`, as CDK spells it."""
    first, *rest = snake(name).split("_")
    return first + "".join(part.capitalize() for part in rest)


def given(value: Any, key: str = "") -> Any:
    """A property's value: intrinsics as tokens, nested keys as CDK spells them."""
    if isinstance(value, list):
        return [given(one, key) for one in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
        # Nearly every property that refers to something is a text.
        token = aws_cdk.Token
        return token.as_number(value) if key.endswith(NUMBERS) else token.as_string(value)
    if key == "Variables":
        return {name: given(inner) for name, inner in value.items()}
    if key.endswith(FREE):
        return value
    return {camel(name): given(inner, name) for name, inner in value.items()}


def add(stack: aws_cdk.Stack, name: str, resource: dict[str, Any]) -> bool:
    """Add a resource; whether it is an L1 construct of its type."""
    kind, properties = resource["Type"], resource.get("Properties", {})
    _, service, thing = kind.split("::")
    try:
        module = importlib.import_module(f"aws_cdk.aws_{MODULES.get(service, service.lower())}")
        arguments = {
            snake(key): given(value, key) for key, value in properties.items() if key != "Tags"
        }
        getattr(module, f"Cfn{thing}")(stack, name, **arguments)
    except (ImportError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        print(f"{name}: {str(error).splitlines()[0]}", file=sys.stderr)
        aws_cdk.CfnResource(stack, f"{name}Plain", type=kind, properties=properties)
        return False
    return True


def main() -> None:
    """Build the app of a template and write its assembly."""
    template, folder = sys.argv[1:]
    with open(template, encoding="utf-8") as file:  # noqa: PTH123 - as light as can be
        body = json.load(file)
    # Its validation of templates is a linter's work; chantier synth does none either.
    app = aws_cdk.App(outdir=folder, analytics_reporting=False)
    stack = aws_cdk.Stack(app, "Site", synthesizer=aws_cdk.LegacyStackSynthesizer())
    for name, one in body.get("Parameters", {}).items():
        aws_cdk.CfnParameter(stack, name, type=one["Type"], default=one.get("Default"))
    for name, one in body.get("Conditions", {}).items():
        aws_cdk.CfnCondition(
            stack, name, expression=aws_cdk.Fn.condition_equals(json.dumps(one), "")
        )
    typed = [add(stack, name, one) for name, one in body["Resources"].items()]
    app.synth()
    print(f"{sum(typed)} of {len(typed)} are typed L1 constructs")


if __name__ == "__main__":
    main()
