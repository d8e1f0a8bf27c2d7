"""Resources by the names that people use, "alerts table" or "machine EX-001", by section."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

# Resource type -> its noun, where the type's own last word is not what people say.
NOUNS = {
    "AWS::Athena::WorkGroup": "work group",
    "AWS::IoT::Thing": "machine",
    "AWS::IoT::ThingGroup": "group",
    "AWS::IoT::ThingType": "type",
    "AWS::IoT::TopicRule": "rule",
    "AWS::IoT::ProvisioningTemplate": "template",
    "AWS::KinesisFirehose::DeliveryStream": "stream",
    "AWS::Lambda::EventInvokeConfig": "retries",
    "AWS::Lambda::EventSourceMapping": "source",
    "AWS::Lambda::Permission": "permission",
    "AWS::Logs::LogGroup": "log",
    "AWS::Logs::LogStream": "log stream",
    "AWS::Logs::MetricFilter": "metric",
    "AWS::QuickSight::DataSet": "data set",
    "AWS::QuickSight::DataSource": "source",
    "AWS::QuickSight::RefreshSchedule": "refresh",
    "AWS::S3::BucketPolicy": "policy",
    "AWS::SNS::TopicPolicy": "policy",
    "AWS::SQS::QueuePolicy": "policy",
}
WORDS = re.compile(r"QuickSight|Iot|[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
NAMES = {"QuickSight": "QuickSight", "Iot": "IoT"}
OTHERS = "Others"
Sections = tuple[tuple[str, tuple[str, ...]], ...]


class Names(NamedTuple):
    """How resources are called.

    Attributes:
        sections: titles and the logical ids, or patterns, under each.
        resources: what is known of each resource, by logical id.
    """

    sections: Sections
    resources: Mapping[str, Mapping[str, Any]] = {}

    def human(self, logical_id: str, kind: str) -> str:
        """A resource as people say it."""
        properties = self.resources.get(logical_id, {}).get("Properties", {})
        noun = NOUNS.get(kind) or " ".join(_words(kind.rsplit("::", 1)[-1]))
        if kind == "AWS::IoT::Thing" and isinstance(properties.get("ThingName"), str):
            return f"{noun} {properties['ThingName']}"
        own = " ".join(_words(logical_id))
        return own if own.endswith(noun) else f"{own} {noun}"

    def full(self, logical_id: str, kind: str) -> str:
        """A resource as people say it, with the name that the template has for it."""
        return f"{self.human(logical_id, kind)} ({logical_id})"

    def section(self, logical_id: str) -> str:
        """The section of a resource, in a word or two."""
        for title, patterns in self.sections:
            if any(fnmatchcase(logical_id, pattern) for pattern in patterns):
                return re.sub(r"^\d+\. ", "", title).split(":", 1)[0]
        return OTHERS

    def place(self, logical_id: str) -> int:
        """Where a resource stands in the template; what is not in it comes last."""
        known = list(self.resources)
        return known.index(logical_id) if logical_id in known else len(known)

    @property
    def titles(self) -> tuple[str, ...]:
        """The sections in order, and then the one of what stands in none."""
        known = (re.sub(r"^\d+\. ", "", title).split(":", 1)[0] for title, _ in self.sections)
        return (*known, OTHERS)


def _words(name: str) -> list[str]:
    return [
        NAMES.get(word, word if word.isupper() else word.lower()) for word in WORDS.findall(name)
    ]
