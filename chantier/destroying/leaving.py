"""Machines leave: sessions, certificates, things; then policies, which nothing holds any more.

A certificate that another site's thing bears too is not this site's to delete.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from chantier.cloud import Cloud
from chantier.destroying.finding import CERTIFICATE, POLICY, THING, Traces
from chantier.errors import ChantierError
from chantier.machines.cutting import cut, data_plane
from chantier.machines.retiring import (
    Kept,
    delete_thing,
    free_policy,
    principals_of,
    retire,
    statuses,
    targets_of,
    things_of_site,
)
from chantier.pacing import Outcome, each, failures, paced

Tick = Callable[[str, int, int], None]


class Fleet(NamedTuple):
    """The machines of a site, as AWS IoT has them.

    Attributes:
        things: names of the things that say they are the site's.
        certificates: status by ARN, of those with one of the site's policies.
        claims: ARNs of those among them that are claims.
        policies: names.
    """

    things: tuple[str, ...]
    certificates: dict[str, str]
    claims: tuple[str, ...]
    policies: tuple[str, ...]

    @property
    def open_doors(self) -> int:
        """How many certificates let somebody in."""
        return sum(status == "ACTIVE" for status in self.certificates.values())


class Gone(NamedTuple):
    """What left.

    Attributes:
        certificates: how many were deleted.
        things: how many were deleted.
        kept: certificates that are also somebody else's.
    """

    certificates: int
    things: int
    kept: tuple[Kept, ...]


def fleet_of(cloud: Cloud, site: str, traces: Traces) -> Fleet:
    """The machines of a site, by listings: a few calls a thousand of them."""
    iot, policies = paced(cloud.client("iot")), traces.names(POLICY)
    targets = {policy: _certificates(targets_of(iot, policy)) for policy in policies}
    attached = {arn for found in targets.values() for arn in found}
    # One that an interrupted run had detached from everything stands in its notes alone.
    noted = set(traces.names(CERTIFICATE)) - attached
    known = statuses(iot) if attached or noted else {}
    arns = attached | (noted & known.keys())
    claims = {arn for policy, found in targets.items() if _is_claims(policy) for arn in found}
    return Fleet(
        tuple(things_of_site(iot, site)),
        {arn: known.get(arn, "UNKNOWN") for arn in sorted(arns)},
        tuple(sorted(claims)),
        tuple(policies),
    )


def leave(cloud: Cloud, site: str, fleet: Fleet, traces: Traces, tick: Tick) -> Gone:
    """Take every machine of a site out of AWS IoT, several at a time.

    Raises:
        ChantierError: some could not be taken out; the others were.
    """
    iot, data = paced(cloud.client("iot")), data_plane(cloud)
    mine = {*fleet.things, *traces.names(THING)}

    def end(arn: str) -> Kept:
        return retire(iot, arn, things=mine, policies=fleet.policies)

    def out(thing: str) -> tuple[list[Kept], bool]:
        ended: list[Kept] = []
        cut(data, thing)

        def release() -> None:
            # A certificate without any policy opens nothing, and holds its thing all the same.
            ended.extend(end(arn) for arn in principals_of(iot, thing))

        return ended, delete_thing(iot, thing, site=site, release=release)

    # Doors first: what has a policy gets in. Then what things still hold, and the things.
    certificates = each(end, fleet.certificates, tick=_of(tick, "Certificates deleted"))
    _check(certificates)
    things = each(out, fleet.things, tick=_of(tick, "Things deleted"))
    _check(things)
    ended = [one.made for one in certificates if one.made]
    ended += [kept for one in things if one.made for kept in one.made[0]]
    for policy in fleet.policies:
        free_policy(iot, policy)
    return Gone(
        sum(not one.why for one in ended),
        sum(bool(one.made and one.made[1]) for one in things),
        tuple(dict.fromkeys(one for one in ended if one.why)),
    )


def _check(outcomes: Sequence[Outcome[Any, Any]]) -> None:
    wrong = failures(outcomes)
    if wrong:
        shown = "\n".join(f"  {line}" for line in wrong[:5])
        raise ChantierError(
            f"{len(wrong)} of {len(outcomes)} could not be deleted:\n{shown}",
            "Nothing of the data was touched. Run it again: it goes on from here.",
        )


def _of(tick: Tick, what: str) -> Callable[[int, int], None]:
    return lambda done, there: tick(what, done, there)


def _certificates(targets: Sequence[str]) -> list[str]:
    return [target for target in targets if ":cert/" in target]


def _is_claims(policy: str) -> bool:
    return policy.endswith("-claim")
