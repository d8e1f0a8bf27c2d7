"""The arrows are law: which room may import which, and which third party each may use.

A new module must be given a room here, or this test fails.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STANDARD = frozenset(sys.stdlib_module_names)

# Room -> (the rooms it may import, the third parties it may import).
# The longest name that matches a module is its room.
ROOMS: dict[str, tuple[set[str], set[str]]] = {
    # The package names what a library user starts with; it imports them when asked for.
    "chantier": ({"chantier.site", "chantier.template"}, set()),
    "chantier.errors": (set(), set()),
    "chantier.files": ({"chantier.errors"}, set()),
    "chantier.telemetry": ({"chantier.errors"}, set()),
    "chantier.decoding": ({"chantier.telemetry", "chantier.errors"}, set()),
    "chantier.records": (set(), set()),
    "chantier.aggregates": (set(), set()),
    "chantier.meters": ({"chantier.telemetry"}, set()),
    "chantier.book_bytes": (
        {"chantier.decoding", "chantier.errors", "chantier.meters", "chantier.telemetry"},
        set(),
    ),
    "chantier.hourly": (
        {
            "chantier.aggregates",
            "chantier.decoding",
            "chantier.detection",
            "chantier.meters",
            "chantier.telemetry",
        },
        set(),
    ),
    "chantier.hour_settings": ({"chantier.site", "chantier.site_settings"}, set()),
    "chantier.words": (set(), set()),
    "chantier.enrolment": (set(), set()),
    "chantier.data_sets": ({"chantier.detection", "chantier.words"}, set()),
    "chantier.dashboards": ({"chantier.data_sets"}, set()),
    # It reads a template's plain data, of whatever made it.
    "chantier.dashboard_checks": (set(), set()),
    "chantier.detection": ({"chantier.telemetry", "chantier.errors"}, set()),
    "chantier.kept": (set(), set()),
    "chantier.parts": ({"chantier.kept"}, set()),
    "chantier.bundle": ({"chantier.errors", "chantier.parts"}, set()),
    "chantier.packing": ({"chantier.errors"}, set()),
    "chantier.site": (
        {"chantier.site_faults", "chantier.site_rules", "chantier.detection", "chantier.errors"},
        {"pydantic", "pydantic_core"},
    ),
    "chantier.site_settings": (
        {"chantier.detection", "chantier.holidays_of", "chantier.site"},
        set(),
    ),
    "chantier.aemp": ({"chantier.errors", "chantier.site", "chantier.telemetry"}, {"defusedxml"}),
    "chantier.exchange": (
        {
            "chantier.aemp",
            "chantier.cloud",
            "chantier.gathering",
            "chantier.identity",
            "chantier.raw",
            "chantier.sending",
            "chantier.site",
            "chantier.stack",
            "chantier.telemetry",
            "simulator",
        },
        set(),
    ),
    "chantier.site_faults": (set(), {"pydantic"}),
    "chantier.holidays_of": ({"chantier.errors", "chantier.kept"}, {"holidays"}),
    "chantier.site_rules": (
        {
            "chantier.site_faults",
            "chantier.detection",
            "chantier.holidays_of",
            "chantier.telemetry",
        },
        set(),
    ),
    "chantier.functions": (
        {
            "chantier.aggregates",
            "chantier.book_bytes",
            "chantier.decoding",
            "chantier.detection",
            "chantier.enrolment",
            "chantier.errors",
            "chantier.hourly",
            "chantier.meters",
            "chantier.records",
            "chantier.telemetry",
        },
        set(),
    ),
    # `chantier.functions` is missing on purpose: resources read it as text, through bundle.
    "chantier.resources": (
        {
            "chantier.aggregates",
            "chantier.bundle",
            "chantier.enrolment",
            "chantier.dashboards",
            "chantier.data_sets",
            "chantier.hour_settings",
            "chantier.packing",
            "chantier.records",
            "chantier.site",
            "chantier.site_settings",
            "chantier.telemetry",
        },
        {"troposphere", "awacs"},
    ),
    "chantier.rendering": (set(), {"troposphere", "yaml"}),
    "chantier.answers": (set(), {"troposphere"}),
    "chantier.sections": (
        {"chantier.data_sets", "chantier.resources", "chantier.site", "chantier.telemetry"},
        {"troposphere"},
    ),
    "chantier.template": (
        {
            "chantier.answers",
            "chantier.packing",
            "chantier.rendering",
            "chantier.resources",
            "chantier.sections",
            "chantier.site",
        },
        {"troposphere"},
    ),
    "chantier.prices": (set(), set()),
    "chantier.usage": ({"chantier.aggregates", "chantier.prices", "chantier.site"}, set()),
    "chantier.costs": ({"chantier.prices", "chantier.usage"}, set()),
    "chantier.quotas": ({"chantier.site"}, set()),
    "chantier.checks": ({"chantier.dashboard_checks"}, set()),
    "chantier.lint": ({"chantier.checks", "chantier.errors"}, {"cfnlint"}),
    "chantier.sarif": ({"chantier.checks", "chantier.lint"}, set()),
    "chantier.cloud": (set(), {"boto3", "botocore"}),
    "chantier.staging": ({"chantier.cloud", "chantier.errors"}, set()),
    "chantier.declared": ({"chantier.errors"}, {"yaml"}),
    # `troposphere` to see who makes a resource that failed; `yaml` to read what is deployed.
    "chantier.deploying": ({"chantier.errors"}, {"troposphere", "yaml"}),
    "chantier.stack": (
        {
            "chantier.cloud",
            "chantier.declared",
            "chantier.deploying",
            "chantier.errors",
            "chantier.staging",
        },
        set(),
    ),
    "chantier.identity": (
        {"chantier.cloud", "chantier.site", "chantier.errors"},
        {"cryptography"},
    ),
    "chantier.fleet": (
        {
            "chantier.cloud",
            "chantier.errors",
            "chantier.identity",
            "chantier.pacing",
            "chantier.site",
            "chantier.stack",
        },
        set(),
    ),
    "chantier.pacing": ({"chantier.errors"}, {"botocore"}),
    "chantier.machines": (
        {
            "chantier.cloud",
            "chantier.errors",
            "chantier.identity",
            "chantier.pacing",
            "chantier.site",
            "chantier.site_faults",
            "simulator",
        },
        {"botocore", "cryptography"},
    ),
    "chantier.destroying": (
        {
            "chantier.cloud",
            "chantier.errors",
            "chantier.identity",
            "chantier.machines",
            "chantier.pacing",
            "chantier.prices",
            "chantier.stack",
            "chantier.staging",
        },
        {"botocore", "yaml"},
    ),
    "chantier.alerts": ({"chantier.cloud", "chantier.records"}, set()),
    "chantier.acknowledging": (
        {
            "chantier.alerts",
            "chantier.cloud",
            "chantier.decoding",
            "chantier.detection",
            "chantier.errors",
            "chantier.records",
            "chantier.telemetry",
        },
        {"botocore"},
    ),
    "chantier.hours": ({"chantier.aggregates", "chantier.cloud", "chantier.errors"}, set()),
    "chantier.logs": ({"chantier.cloud", "chantier.errors"}, set()),
    "chantier.letters": (
        {"chantier.cloud", "chantier.decoding", "chantier.errors", "chantier.records"},
        {"botocore"},
    ),
    "chantier.raw": (
        {"chantier.cloud", "chantier.errors", "chantier.letters", "chantier.records"},
        set(),
    ),
    "chantier.doctor": (
        {"chantier.cloud", "chantier.identity", "chantier.quotas", "chantier.site"},
        {"botocore", "cryptography"},
    ),
    "chantier.health": (
        {
            "chantier.aggregates",
            "chantier.alerts",
            "chantier.cloud",
            "chantier.deploying",
            "chantier.detection",
            "chantier.errors",
            "chantier.letters",
            "chantier.records",
            "chantier.site",
            "chantier.stack",
            "chantier.telemetry",
        },
        {"botocore"},
    ),
    # What a deployed site keeps of what is promised; the embedded AWS is one like any other.
    "chantier.proving": (
        {
            "chantier.alerts",
            "chantier.cloud",
            "chantier.errors",
            "chantier.identity",
            "chantier.logs",
            "chantier.records",
            "chantier.site",
            "chantier.stack",
            "chantier.telemetry",
            "simulator",
        },
        {"botocore", "cryptography", "mqtt5"},
    ),
    "chantier.gathering": (
        {"chantier.decoding", "chantier.errors", "chantier.raw", "chantier.telemetry"},
        set(),
    ),
    "chantier.comparing": ({"chantier.detection", "chantier.records"}, set()),
    "chantier.rewriting": (
        {"chantier.cloud", "chantier.comparing", "chantier.decoding", "chantier.records"},
        {"botocore"},
    ),
    "chantier.settling": (
        {
            "chantier.cloud",
            "chantier.comparing",
            "chantier.detection",
            "chantier.errors",
            "chantier.functions",
            "chantier.gathering",
            "chantier.raw",
            "chantier.records",
            "chantier.rewriting",
            "chantier.site",
            "chantier.site_settings",
            "chantier.telemetry",
        },
        set(),
    ),
    "chantier.local": (
        {"chantier.cloud", "chantier.errors"},
        {"boto3", "botocore", "cryptography", "hypercorn", "ministack"},
    ),
    "simulator": (
        {
            "chantier.decoding",
            "chantier.detection",
            "chantier.enrolment",
            "chantier.errors",
            "chantier.files",
            "chantier.holidays_of",
            "chantier.site",
            "chantier.site_settings",
            "chantier.telemetry",
        },
        {"aiomqtt", "cryptography", "mqtt5"},
    ),
    "chantier.score": (
        {"chantier.decoding", "chantier.records", "chantier.raw", "simulator"},
        set(),
    ),
    "chantier.rehearsal": ({"chantier.detection", "simulator"}, set()),
    "chantier.verdict": ({"chantier.rehearsal", "simulator"}, set()),
    "chantier.evaluate": (
        {
            "chantier.errors",
            "chantier.rehearsal",
            "chantier.site",
            "chantier.verdict",
            "simulator",
        },
        set(),
    ),
    "chantier.validate": (
        {"chantier.rehearsal", "chantier.site", "simulator"},
        set(),
    ),
    "chantier.backfill": (
        {
            "chantier.cloud",
            "chantier.errors",
            "chantier.records",
            "chantier.site",
            "chantier.stack",
            "chantier.telemetry",
            "simulator",
        },
        set(),
    ),
    "chantier.day_words": (set(), set()),
    "chantier.day_drawing": ({"chantier.day_words", "chantier.telemetry"}, set()),
    "chantier.day_plot": (
        {
            "chantier.day_drawing",
            "chantier.errors",
            "chantier.files",
            "chantier.site",
            "simulator",
        },
        set(),
    ),
    "chantier.sending": (
        {
            "chantier.backfill",
            "chantier.cloud",
            "chantier.errors",
            "chantier.fleet",
            "chantier.identity",
            "chantier.site",
            "chantier.stack",
            "chantier.telemetry",
            "simulator",
        },
        set(),
    ),
    "chantier.claim_draft": ({"chantier.errors", "chantier.identity", "simulator"}, set()),
    "chantier.claiming": (
        {
            "chantier.claim_draft",
            "chantier.cloud",
            "chantier.enrolment",
            "chantier.errors",
            "chantier.identity",
            "simulator",
        },
        set(),
    ),
    "chantier.tally": (
        {
            "chantier.alerts",
            "chantier.cloud",
            "chantier.logs",
            "chantier.raw",
            "chantier.records",
            "chantier.score",
            "simulator",
        },
        set(),
    ),
    # The whole path once: it knows every room, and only the command line knows it.
    "chantier.demo": (
        {
            "chantier.cloud",
            "chantier.errors",
            "chantier.fleet",
            "chantier.identity",
            "chantier.lint",
            "chantier.local",
            "chantier.sending",
            "chantier.site",
            "chantier.stack",
            "chantier.tally",
            "chantier.telemetry",
            "chantier.template",
            "simulator",
        },
        set(),
    ),
    "chantier.cli": (
        {
            "chantier.acknowledging",
            "chantier.aemp",
            "chantier.alerts",
            "chantier.claiming",
            "chantier.cloud",
            "chantier.comparing",
            "chantier.costs",
            "chantier.backfill",
            "chantier.day_plot",
            "chantier.declared",
            "chantier.demo",
            "chantier.deploying",
            "chantier.doctor",
            "chantier.destroying",
            "chantier.errors",
            "chantier.exchange",
            "chantier.evaluate",
            "chantier.files",
            "chantier.fleet",
            "chantier.health",
            "chantier.logs",
            "chantier.hours",
            "chantier.identity",
            "chantier.letters",
            "chantier.lint",
            "chantier.local",
            "chantier.machines",
            "chantier.pacing",
            "chantier.prices",
            "chantier.proving",
            "chantier.quotas",
            "chantier.raw",
            "chantier.records",
            "chantier.sarif",
            "chantier.sending",
            "chantier.settling",
            "chantier.site",
            "chantier.site_settings",
            "chantier.stack",
            "chantier.staging",
            "chantier.tally",
            "chantier.template",
            "chantier.usage",
            "chantier.validate",
            "chantier.words",
            "simulator",
        },
        {"click", "rich", "botocore", "pydantic"},
    ),
    "chantier.__main__": ({"chantier.cli"}, set()),
}
MODULES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for package in ("chantier", "simulator")
    for path in (ROOT / package).rglob("*.py")
)


def room(module: str) -> str | None:
    parts = module.split(".")
    names = (".".join(parts[:size]) for size in range(len(parts), 0, -1))
    return next((name for name in names if name in ROOMS), None)


def imports(module: str) -> set[str]:
    path = ROOT.joinpath(*module.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    found: set[str] = set()
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: relative imports hide the arrow"
            base = str(node.module)
            ours = base.split(".", maxsplit=1)[0] in ("chantier", "simulator")
            names = {f"{base}.{alias.name}" for alias in node.names} if ours else set()
            found |= {name if name in MODULES else base for name in names} or {base}
    return found


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_its_room_allows(module: str) -> None:
    own = room(module)
    assert own, f"{module} has no room: give it one in tests/test_layers.py"
    assert own != "chantier" or module == "chantier", f"{module} has no room of its own"
    rooms, parties = ROOMS[own]
    for imported in imports(module) - {"__future__"}:
        top = imported.split(".")[0]
        if top in ("chantier", "simulator"):
            assert room(imported) in {own, *rooms}, f"{module} may not import {imported}"
        elif top not in STANDARD:
            assert top in parties, f"{module} may not import {imported}"


def test_no_arrow_points_back() -> None:
    """The rooms can be put in one order, lowest first: no cycle."""
    left = {name: set(rooms) for name, (rooms, _) in ROOMS.items()}
    while left:
        lowest = {name for name, needs in left.items() if not needs & left.keys()}
        assert lowest, f"a cycle among {sorted(left)}"
        left = {name: needs for name, needs in left.items() if name not in lowest}


@pytest.mark.parametrize("name", sorted(set(ROOMS) - {"chantier"}))
def test_every_room_exists(name: str) -> None:
    assert any(module == name or module.startswith(f"{name}.") for module in MODULES)


def test_every_package_is_installed() -> None:
    """A package that pyproject forgets works in the checkout and fails where it is installed."""
    listed = (ROOT / "pyproject.toml").read_text("utf-8")
    packages = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for name in ("chantier", "simulator")
        for path in (ROOT / name).rglob("__init__.py")
    }
    assert not [package for package in packages if f'"{package}"' not in listed]
