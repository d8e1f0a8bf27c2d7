"""A stack: change set made, shown, executed, watched to its end.

The same calls go to AWS and to the embedded AWS. Deciding and doing are apart:
`plan` makes the change set and returns it as data, `execute` carries it out and `discard`
throws it away. How each is done stands in `chantier.deploying`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from chantier.cloud import Cloud
from chantier.declared import declared, kept
from chantier.deploying import (
    change_set,
    changes,
    differences,
    failures,
    reading,
    recovery,
    stacks,
    watching,
    widening,
)
from chantier.errors import ChantierError, StackError
from chantier.staging import template_argument

Say = Callable[[str], None]


class Plan(NamedTuple):
    """A change set: what a deployment would do.

    Attributes:
        stack: stack name.
        change_set: its ARN; empty when nothing would change.
        changes: one a resource.
        creates: whether the stack is new.
        stack_id: its ARN.
        parameters: those that get another value.
        widening: what would be allowed that is not now; a new stack's policies are not in it.
        notes: what CloudFormation's own checks find worth knowing.
    """

    stack: str
    change_set: str
    changes: tuple[changes.Change, ...]
    creates: bool
    stack_id: str = ""
    parameters: tuple[differences.Difference, ...] = ()
    widening: tuple[widening.Widening, ...] = ()
    notes: tuple[failures.Failure, ...] = ()


class Deployed(NamedTuple):
    """How a deployment ended well.

    Attributes:
        stack: stack name.
        status: CloudFormation's, for example CREATE_COMPLETE.
        changed: False when there was nothing to do.
        outputs: of the stack, by name.
    """

    stack: str
    status: str
    changed: bool
    outputs: dict[str, str]


def stack_name(site: str) -> str:
    """The stack of a site."""
    return f"chantier-{site}"


def deploy(
    cloud: Cloud, body: str, *, site: str, parameters: Mapping[str, str], say: Say
) -> Deployed:
    """Create or update the stack of a site; nothing to change is a success.

    It asks nobody: what is left of a creation that failed is deleted.

    Args:
        cloud: where.
        body: the template's text.
        site: site name.
        parameters: template parameters to set; the others keep their value.
        say: receives one line of progress at a time.

    Raises:
        StackError: CloudFormation refused it, or it failed and was rolled back.
    """
    made = plan(cloud, body, site=site, parameters=parameters, say=say)
    if not made.change_set:
        say("Nothing to change.")
        return unchanged(cloud, site)
    for change in made.changes:
        mark = " (replaced)" if change.replaces else ""
        say(f"  {change.action.lower():7} {change.logical_id} {change.kind}{mark}")
    status = execute(cloud, made, tell=telling(say))
    return Deployed(made.stack, status, changed=True, outputs=outputs(cloud, site))


def plan(  # noqa: PLR0913 - what is deployed, and who is asked and told
    cloud: Cloud,
    body: str,
    *,
    site: str,
    parameters: Mapping[str, str],
    say: Say,
    agree: recovery.Agree | None = None,
    tell: watching.Tell | None = None,
) -> Plan:
    """Make the change set of a deployment, and read it back.

    Args:
        cloud: where.
        body: the template's text.
        site: site name.
        parameters: template parameters to set.
        say: receives a line at a time.
        agree: whether to recover a stack that no deployment can start from; None for yes where
            nothing that worked is touched.
        tell: receives each step of a recovery; None for `say`.

    Raises:
        ChantierError: the stack is busy or broken.
        StackError: CloudFormation refuses the template.
    """
    client, name = cloud.client("cloudformation"), stack_name(site)
    found = recovery.ready(client, name, agree=agree or _agreeing(say), tell=tell or telling(say))
    creates = not found or found["StackStatus"] == change_set.REVIEW
    made = change_set.make(
        client,
        creates=creates,
        StackName=name,
        Capabilities=["CAPABILITY_IAM"],
        # Things outlive their stack, and `machine add` makes some before it: both are taken in.
        ImportExistingResources=True,
        Parameters=_parameters(found, parameters, declared(body), say),
        Tags=[{"Key": "chantier:site", "Value": site}],
        **template_argument(cloud, body, site=site),
    )
    if not made.arn:
        return Plan(name, "", (), creates=False, stack_id=made.stack_id)
    return _read(client, body, parameters, made, Plan(name, made.arn, (), creates))


def _read(
    client: Any, body: str, parameters: Mapping[str, str], made: change_set.Made, empty: Plan
) -> Plan:
    """A plan from a change set, the deployed template and the new one."""
    old: dict[str, Any] = {}
    held: dict[str, str] = {}
    if not empty.creates:
        old = reading.plain(stacks.template(client, made.stack_id))
        held = stacks.parameters(stacks.describe(client, made.stack_id))
    new = reading.plain(body)
    told = changes.read(
        made.changes,
        before=reading.resolved(old, held),
        after=reading.resolved(new, {**held, **parameters}),
    )
    before, after = reading.values(old, held), reading.values(new, {**held, **parameters})
    return empty._replace(
        stack_id=made.stack_id,
        changes=told,
        parameters=() if empty.creates else tuple(differences.differences(before, after)),
        widening=() if empty.creates else widening.widening(told),
        notes=made.notes,
    )


def execute(cloud: Cloud, made: Plan, *, tell: watching.Tell) -> str:
    """Carry a plan out and watch it; returns the stack's final status.

    Raises:
        StackError: it failed; with the reasons of the resources that failed first.
    """
    client = cloud.client("cloudformation")
    stack_id = made.stack_id
    last = stacks.last_event(client, stack_id)
    client.execute_change_set(ChangeSetName=made.change_set)
    ended = watching.follow(client, stack_id, after=last, tell=tell)
    if ended.status not in watching.GOOD:
        raise failed(client, made.stack, stack_id, ended)
    return ended.status


def failed(client: Any, name: str, stack_id: str, ended: watching.Ended) -> StackError:
    """The error for an operation that ended badly, the first cause first."""
    causes = failures.early(client, StackName=stack_id) if _checked(ended) else ()
    causes = causes or failures.of_events(ended.events, stack_id=stack_id)
    return StackError(
        f"Stack {name} ended as {ended.status}. What failed first:",
        tuple(one.sentence for one in causes) or ("CloudFormation gave no reason",),
        "Mend that, then deploy again; nothing half-made was kept."
        if ended.status.endswith("ROLLBACK_COMPLETE")
        else "Mend that, then deploy again: it says how to recover the stack.",
        status=ended.status,
        causes=causes,
    )


def _checked(ended: watching.Ended) -> bool:
    """Whether a check before the deployment failed: the events hold no cause then."""
    return any(
        event.get("DetailedStatus") == "VALIDATION_FAILED"
        or any(mark in event.get("ResourceStatusReason", "") for mark in failures.EARLY)
        for event in ended.events
    )


def discard(cloud: Cloud, made: Plan) -> None:
    """Throw a plan away, and the empty stack that was made for it."""
    if made.change_set:
        change_set.discard(
            cloud.client("cloudformation"),
            made.change_set,
            name=made.stack,
            creates=made.creates,
        )


def unchanged(cloud: Cloud, site: str) -> Deployed:
    """The deployment of a site that had nothing to do."""
    found = stacks.describe(cloud.client("cloudformation"), stack_name(site))
    status = str(found["StackStatus"])
    return Deployed(stack_name(site), status, changed=False, outputs=outputs(cloud, site))


def outputs(cloud: Cloud, site: str) -> dict[str, str]:
    """The outputs of a deployed site.

    Raises:
        ChantierError: it is not deployed.
    """
    name = stack_name(site)
    found = stacks.describe(cloud.client("cloudformation"), name)
    if not found or found["StackStatus"] in ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"):
        local = " --local" if cloud.name == "local" else ""
        raise ChantierError(
            f"Site {site} is not deployed.", hint=f"Deploy it: chantier deploy{local}"
        )
    return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}


def telling(say: Say) -> watching.Tell:
    """Steps as lines: what is done, and what has failed."""

    def tell(step: watching.Step) -> None:
        if step.of_stack:
            return
        if step.status.endswith("_FAILED") and not failures.followed(step.reason):
            say(f"  failed  {step.logical_id}: {failures.cleaned(step.reason)}")
        elif step.status.endswith("_COMPLETE"):
            say(f"  done    {step.logical_id}")

    return tell


def _agreeing(say: Say) -> recovery.Agree:
    def agree(trouble: recovery.Trouble) -> bool:
        if trouble.remedy in ("wait", "delete"):
            say(trouble.means)
            return True
        return False

    return agree


def is_deployed(cloud: Cloud, site: str) -> bool:
    """Whether a site has a stack that stands."""
    found = stacks.describe(cloud.client("cloudformation"), stack_name(site))
    return bool(found and found["StackStatus"] in stacks.STANDING)


def _parameters(
    found: Any, given: Mapping[str, str], known: Mapping[str, Any], say: Say
) -> list[dict[str, Any]]:
    """What is given, and what the stack keeps of what the template still has."""
    before = stacks.parameters(found)
    for name, value in kept(before, given, known).items():
        say(f"{name} stays {before[name]!r}; the site file says {value!r}: -p {name}={value}")
    return [
        *({"ParameterKey": key, "ParameterValue": value} for key, value in given.items()),
        *(
            {"ParameterKey": key, "UsePreviousValue": True}
            for key in sorted(before.keys() - given.keys())
            if key in known
        ),
    ]
