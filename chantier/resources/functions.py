"""What every function of the template shares: its code, its log, and where failures go."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import awacs.logs
import awacs.sqs
from awacs.aws import Statement
from troposphere import GetAtt, Ref
from troposphere.awslambda import (
    Code,
    DestinationConfig,
    Environment,
    EventInvokeConfig,
    Function,
    LoggingConfig,
    OnFailure,
)
from troposphere.iam import Role
from troposphere.logs import LogGroup
from troposphere.sqs import Queue

from chantier.bundle import bundle
from chantier.hour_settings import hour_settings_of
from chantier.packing import packed
from chantier.resources.policies import allow
from chantier.site import Site
from chantier.site_settings import settings_of

RUNTIME = "python3.13"
# AWS's own figures: two retries, and an hour before an event is given up.
RETRIES = 2
EVENT_AGE_S = 3_600
# (size of the site, function): where its code begins, if not in the module of its name.
ENTRIES = {("fleet", "detect"): "batch"}
SHORT = {"aggregate": "hours"}
# Settings of functions that need others than those that judge.
OWN_SETTINGS: dict[str, Callable[[Site], dict[str, Any]]] = {"aggregate": hour_settings_of}


class FunctionLogging(LoggingConfig):  # type: ignore[misc]  # troposphere is untyped
    """`LogFormat` is missing from troposphere 4.11.1's LoggingConfig of a function."""

    props = {**LoggingConfig.props, "LogFormat": (str, False)}  # noqa: RUF012 - troposphere's own form


def function_name(site: Site, name: str) -> str:
    """A function's name; its log group must know it before the function exists.

    Lambda and EventBridge Scheduler take 64 characters, of which a site's name has up to 48.
    """
    return f"chantier-{site.name}-{SHORT.get(name, name)}"


def source(site: Site, name: str, settings: dict[str, Any] | None = None) -> str:
    """The code of `chantier.functions.<name>`, as it can be read.

    Its class of that name is given the site's settings and the words of its language; one
    that has settings of its own judges nothing, and is given those alone. A larger site's
    function may begin in another module, which calls that one.
    """
    entry = ENTRIES.get((site.site.size, name), name)
    if settings is None and name in OWN_SETTINGS:
        settings = OWN_SETTINGS[name](site)
    if settings is not None:
        footer = f"SETTINGS = {_json(settings)}\n\nhandler = {entry.title()}(SETTINGS).handle"
        return bundle(f"chantier.functions.{entry}", footer=footer)
    words = f"chantier.detection.words_{site.site.language}"
    said = _json(settings_of(site))
    footer = f"SETTINGS = {said}\n\nhandler = {entry.title()}(SETTINGS, WORDS).handle"
    return bundle(f"chantier.functions.{entry}", words, footer=footer)


def _json(settings: dict[str, Any]) -> str:
    """The settings as JSON, a group of machines a line."""
    said = json.dumps(settings, ensure_ascii=False)
    return said.replace(', {"zone"', ',\n  {"zone"').replace('[{"zone"', '[\n  {"zone"')


def log_group(site: Site, name: str) -> LogGroup:
    """A function's log: one JSON line an invocation."""
    return LogGroup(
        f"{name.title()}Log",
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        LogGroupName=f"/aws/lambda/{function_name(site, name)}",
        RetentionInDays=site.retention.log_days,
    )


def function(  # noqa: PLR0913 - what one function differs by from another
    site: Site,
    name: str,
    *,
    description: str,
    role: Role,
    log: LogGroup,
    memory_mb: int,
    timeout_s: int,
    variables: dict[str, Ref],
    settings: dict[str, Any] | None = None,
) -> Function:
    """A function, its code inline: what is tested as modules is what is shipped.

    `settings` as in `source`.
    """
    return Function(
        name.title(),
        FunctionName=function_name(site, name),
        Description=description,
        Runtime=RUNTIME,
        Architectures=["arm64"],
        Handler="index.handler",
        Code=Code(ZipFile=packed(source(site, name, settings), name)),
        Role=GetAtt(role, "Arn"),
        MemorySize=memory_mb,
        Timeout=timeout_s,
        **({"Environment": Environment(Variables=variables)} if variables else {}),
        LoggingConfig=FunctionLogging(LogFormat="JSON", LogGroup=Ref(log), SystemLogLevel="WARN"),
    )


def on_failure(function: Function, queue: Queue) -> EventInvokeConfig:
    """Two retries of an asynchronous call, then it is kept whole in the dead letters."""
    return EventInvokeConfig(
        f"{function.title}OnFailure",
        FunctionName=Ref(function),
        Qualifier="$LATEST",
        MaximumRetryAttempts=RETRIES,
        MaximumEventAgeInSeconds=EVENT_AGE_S,
        DestinationConfig=DestinationConfig(OnFailure=OnFailure(Destination=GetAtt(queue, "Arn"))),
    )


def keep_failures(queue: Queue) -> Statement:
    """What a role may do with the dead letters."""
    return allow("KeepFailures", [awacs.sqs.SendMessage], [GetAtt(queue, "Arn")])


def write_log(log: LogGroup) -> Statement:
    """What a role may do with its function's log."""
    return allow(
        "Log", [awacs.logs.CreateLogStream, awacs.logs.PutLogEvents], [GetAtt(log, "Arn")]
    )
