"""The proofs of the whole template: for every permission, what it is for.

A permission of the template that stands in no table fails the build, and so does a line
whose permission is gone. To prove a new role, add it to its section's table in `tables/`;
for an action that no role had before, add its call to `calls.py`.
"""

from __future__ import annotations

from typing import Literal

from tests.embedded.privilege.grants import Grant, Size
from tests.embedded.privilege.tables import analysis, core, enrolment, hours, operations, telling
from tests.embedded.privilege.ways import Behaviour, Evaluated, Proof, Taker, Twin

SECTIONS = (
    core.PROVED,
    telling.PROVED,
    hours.PROVED,
    analysis.PROVED,
    operations.PROVED,
    enrolment.PROVED,
)

TRUSTED: dict[str, Taker] = {
    role: taker for section in SECTIONS for role, taker in section.takers.items()
}
"""Who may take each role: its trust policy says this and no more."""

ADMITTED: dict[str, dict[str, tuple[str, ...]]] = {
    title: services for section in SECTIONS for title, services in section.admitted.items()
}
"""Of a bucket, queue or topic, the services that its policy lets in, and what they may do."""


def proofs(size: Size) -> dict[Grant, Proof]:
    """Every permission of a size that is to be proved on it."""
    return {
        Grant(role, *pair): proof
        for section in SECTIONS
        for role, table in (section.roles if size == "starter" else section.fleet).items()
        for pair, proof in table.items()
    }


Way = Literal["behaviour", "twin", "evaluator"]


def way(proof: Proof) -> Way:
    """How a permission is proved."""
    ways: dict[type, Way] = {Behaviour: "behaviour", Twin: "twin", Evaluated: "evaluator"}
    return ways[type(proof)]
