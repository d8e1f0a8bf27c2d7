"""Every part of a site's health, asked at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chantier.cloud import Cloud
from chantier.deploying.stacks import describe
from chantier.errors import ChantierError
from chantier.health.machines_heard import machines_part
from chantier.health.part import UNKNOWN, Part
from chantier.health.stack_state import stack_part
from chantier.health.watching import ALARM, BUDGET, alarms_part, spending_part
from chantier.health.work import alerts_part, data_part, letters_part
from chantier.site import Site
from chantier.stack import stack_name


def checkup(cloud: Cloud, site: Site, *, drift: bool = False) -> list[Part]:
    """Ask every part.

    Raises:
        ChantierError: the site is not deployed.
    """
    client = cloud.client("cloudformation")
    stack = describe(client, stack_name(site.name))
    if stack is None:
        raise ChantierError(
            f"{site.name} is not deployed in {cloud.region}.", "Deploy it: chantier deploy"
        )
    outputs = {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", [])}
    asked: dict[str, Callable[[], Part]] = {
        "stack": partial(stack_part, stack, cloud, drift=drift)
    }
    if outputs:
        asked |= _asked(cloud, site, outputs, _resources(client, stack["StackName"]))
    with ThreadPoolExecutor(len(asked)) as pool:
        futures = {name: pool.submit(ask) for name, ask in asked.items()}
    return [_answer(name, future) for name, future in futures.items()]


def _asked(
    cloud: Cloud, site: Site, outputs: dict[str, str], resources: dict[tuple[str, str], str]
) -> dict[str, Callable[[], Part]]:
    table, bucket = outputs["AlertsTableName"], outputs["DataBucketName"]
    machines = [machine.id for machine in site.machines]
    alarms = {logical: name for (kind, logical), name in resources.items() if kind == ALARM}
    budget = next((name for (kind, _), name in resources.items() if kind == BUDGET), None)
    return {
        "machines": partial(machines_part, cloud, table, machines, now=int(time.time())),
        "alerts": partial(alerts_part, cloud, table, site.name),
        "dead letters": partial(letters_part, cloud, outputs),
        "data": partial(data_part, cloud, bucket),
        "alarms": partial(alarms_part, cloud, alarms),
        "spending": partial(spending_part, cloud, budget),
    }


def _resources(client: Any, stack: str) -> dict[tuple[str, str], str]:
    """Physical ids by type and logical id."""
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack)
    return {
        (one["ResourceType"], one["LogicalResourceId"]): one.get("PhysicalResourceId", "")
        for page in pages
        for one in page["StackResourceSummaries"]
    }


def _answer(name: str, future: Any) -> Part:
    """What a part said, or why it could not be asked."""
    try:
        part: Part = future.result()
    except ClientError as error:
        why = error.response["Error"]
        return Part(name, UNKNOWN, f"not known: {why.get('Code')}: {why.get('Message')}")
    except (BotoCoreError, ChantierError, ValueError, KeyError) as error:
        return Part(name, UNKNOWN, f"not known: {error}")
    return part
