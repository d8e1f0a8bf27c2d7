"""The stack as CloudFormation has it: its state, since when, and whether somebody changed it."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from chantier.cloud import Cloud
from chantier.health.part import ATTENTION, GOOD, Part

SETTLED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE")
# Looking for drift takes AWS some minutes.
DRIFT_S, POLL_S = 600.0, 5.0


def stack_part(stack: Any, cloud: Cloud, *, drift: bool) -> Part:
    """How the stack is.

    Args:
        stack: as DescribeStacks says it.
        cloud: where it is.
        drift: look for drift now; the last known one otherwise.
    """
    state = str(stack["StackStatus"])
    changed: datetime = stack.get("LastUpdatedTime") or stack["CreationTime"]
    found = _drift_now(cloud, stack["StackId"]) if drift else _drift_known(stack)
    data = {"state": state, "since": changed.isoformat(timespec="seconds"), "drift": found}
    text = f"{state}, since {changed:%Y-%m-%d %H:%M} UTC; drift: {found.lower().replace('_', ' ')}"
    if state not in SETTLED:
        return Part("stack", ATTENTION, text, data, "What happened: chantier deploy --plan")
    if found == "DRIFTED":
        asked = f"describe-stack-resource-drifts --stack-name {stack['StackName']}"
        hint = f"What differs: aws cloudformation {asked}"
        return Part("stack", ATTENTION, text, data, hint)
    return Part("stack", GOOD, text, data)


def _drift_known(stack: Any) -> str:
    return str(stack.get("DriftInformation", {}).get("StackDriftStatus", "NOT_CHECKED"))


def _drift_now(cloud: Cloud, stack_id: str) -> str:
    client = cloud.client("cloudformation")
    asked = client.detect_stack_drift(StackName=stack_id)["StackDriftDetectionId"]
    end = time.monotonic() + DRIFT_S
    while time.monotonic() < end:
        said = client.describe_stack_drift_detection_status(StackDriftDetectionId=asked)
        if said["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            return str(said.get("StackDriftStatus", said["DetectionStatus"]))
        time.sleep(POLL_S)
    return "DETECTION_IN_PROGRESS"
