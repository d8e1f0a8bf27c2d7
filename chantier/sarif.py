"""Findings as SARIF 2.1.0, which code hosts show beside the lines.

The standard: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from chantier.checks import RULES
from chantier.lint import Finding

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LEVELS = {"error": "error", "warning": "warning", "informational": "note"}


def sarif(findings: Sequence[Finding], *, source: str = "") -> dict[str, Any]:
    """One run: every rule of ours, those of cfn-lint that found something, and the results.

    Args:
        findings: their files are relative to the repository.
        source: what to show for a template that is in no file: what it is made of.
    """
    rules = _rules(findings)
    number = {rule["id"]: at for at, rule in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {"name": "chantier", "version": version("chantier"), "rules": rules}
                },
                "columnKind": "unicodeCodePoints",
                "results": [_result(one, number[one.rule], source) for one in findings],
            }
        ],
    }


def _rules(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    ours = {one.id: (one.says, one.todo) for one in RULES}
    theirs = {one.rule: (one.says, one.todo) for one in findings if one.rule not in ours}
    return [
        {
            "id": name,
            "shortDescription": {"text": says or name},
            "help": {"text": todo or says or name},
        }
        for name, (says, todo) in {**ours, **dict(sorted(theirs.items()))}.items()
    ]


def _result(one: Finding, number: int, source: str) -> dict[str, Any]:
    logical = [{"name": one.resource, "kind": "resource"}] if one.resource else []
    said = f"{one.message} {one.todo}".strip()
    place = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(one.file or source)},
            "region": {"startLine": one.line if one.file else 1},
        },
        **({"logicalLocations": logical} if logical else {}),
    }
    return {
        "ruleId": one.rule,
        "ruleIndex": number,
        "level": LEVELS.get(one.level, "error"),
        "message": {"text": said if one.file else f"{said} (Line {one.line} of the template.)"},
        "locations": [place],
        "partialFingerprints": {"chantier/v1": _fingerprint(one)},
    }


def _fingerprint(one: Finding) -> str:
    """The same for the same finding, also after its line has moved."""
    return hashlib.sha256(f"{one.rule}\n{one.resource}\n{one.message}".encode()).hexdigest()
