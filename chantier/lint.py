"""What is wrong with a template: cfn-lint with every rule on, and our own checks."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

from chantier.checks import check, macros, reading
from chantier.errors import ChantierError


class Finding(NamedTuple):
    """One remark, with its place in the template.

    Attributes:
        rule: cfn-lint's id (E, W, I and four digits) or ours (CH and three digits).
        line: of the template, from 1.
        message: what was found.
        level: "error", "warning" or "informational".
        resource: logical id; empty where it is no resource's.
        says: what the rule asks for, one line.
        todo: what to do; empty where cfn-lint's message says it.
        file: the template's file; empty for one that is in none.
    """

    rule: str
    line: int
    message: str
    level: str
    resource: str = ""
    says: str = ""
    todo: str = ""
    file: str = ""


def lint(body: str, *, region: str, file: str = "") -> list[Finding]:
    """Check a template's text as it will be deployed.

    Args:
        body: YAML or JSON.
        region: the region whose resource types and values count.
        file: what the findings are to name as their file.

    Raises:
        ChantierError: there is no such region, or the text is no template.
    """
    from cfnlint.decode import decode_str  # noqa: PLC0415 - half a second to import

    check_region(region)
    template, wrong = decode_str(body)
    if not wrong and not isinstance(template, Mapping):
        raise ChantierError(
            f"{file or 'The text'} is no CloudFormation template: it holds no mapping.",
            "Print one: chantier synth",
        )
    found = [_of_cfn_lint(match, file) for match in wrong or _cfn_lint(body, region)]
    if not wrong:
        found += _ours(_written_out(template, body, region), body, region, file)
    return sorted(found, key=lambda one: (one.line, one.rule))


def lint_file(path: Path, *, region: str) -> list[Finding]:
    """Check a template in a file.

    Raises:
        ChantierError: it cannot be read, or it is no template.
    """
    try:
        body = path.read_text("utf-8")
    except OSError as error:
        raise ChantierError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ChantierError(f"{path} cannot be read: it is not UTF-8 text.") from error
    return lint(body, region=region, file=path.as_posix())


def check_region(region: str) -> None:
    """Whether AWS has such a region.

    Raises:
        ChantierError: it has not.
    """
    from cfnlint.helpers import REGIONS  # noqa: PLC0415 - half a second to import

    if region not in REGIONS:
        close = get_close_matches(region, REGIONS, n=3) or sorted(REGIONS)[:5]
        raise ChantierError(
            f"There is no AWS region {region!r}.",
            f"Set [site] region in the site file; did you mean {', '.join(close)}?",
        )


def _cfn_lint(body: str, region: str) -> list[Any]:
    from cfnlint.api import lint as cfn_lint  # noqa: PLC0415 - half a second to import
    from cfnlint.config import ManualArgs  # noqa: PLC0415

    try:
        return list(cfn_lint(body, config=ManualArgs(regions=[region], include_checks=["I"])))
    except (AttributeError, KeyError, TypeError) as error:
        raise ChantierError(
            f"cfn-lint stumbles over this template ({type(error).__name__}: {error}).",
            "A section of it is probably of another kind than CloudFormation expects.",
        ) from error


def _written_out(template: Any, body: str, region: str) -> Mapping[str, Any]:
    """The template with its loops (`Fn::ForEach`) written out; as it is where that fails."""
    if not macros.uses_extensions(template):
        return dict(template)
    from cfnlint.decode import decode_str  # noqa: PLC0415 - half a second to import
    from cfnlint.template import Template  # noqa: PLC0415
    from cfnlint.template.transforms._language_extensions import (  # noqa: PLC0415 - what cfn-lint itself reads; it has no public name
        language_extension,
    )

    # It is written into, and cfn-lint says by itself what is wrong in it.
    own, _ = decode_str(body)
    _, written = language_extension(Template("", own, [region]))
    return written if isinstance(written, Mapping) else dict(template)


def _of_cfn_lint(match: Any, file: str) -> Finding:
    place = reading.Place(tuple(getattr(match, "path", None) or ()), "")
    return Finding(
        rule=match.rule.id,
        line=match.linenumber,
        message=match.message,
        level=match.rule.severity,
        resource=place.resource,
        says=match.rule.shortdesc,
        file=file,
    )


def _ours(template: Mapping[str, Any], body: str, region: str, file: str) -> list[Finding]:
    return [
        Finding(
            rule=one.id,
            line=_line(template, place.path),
            message=f"{place.resource or 'The template'} {place.said}.",
            level="error",
            resource=place.resource,
            says=one.says,
            todo=one.todo,
            file=file,
        )
        for one, place in check(
            template, text=body, tag_property=lambda kind: _tag_property(kind, region)
        )
    ]


def _line(template: Any, path: reading.Path) -> int:
    """The line of the last step of the path that bears a mark of its own, from 1."""
    line, value = 0, template
    for step in path:
        if isinstance(value, Mapping):
            marked = next((key for key in value if key == step), None)
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            marked = value = value[step]
        else:
            break
        mark = getattr(marked, "start_mark", None)
        line = mark.line if mark else line
    return int(line) + 1


def _tag_property(kind: str, region: str) -> str:
    """The property that holds a resource type's tags; empty if it takes none, or is unknown."""
    from cfnlint.schema import ResourceNotFoundError  # noqa: PLC0415 - half a second to import
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # noqa: PLC0415

    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, kind).schema
    except ResourceNotFoundError:
        return ""
    tagging = reading.mapping(schema.get("tagging"))
    if not tagging.get("taggable", True):
        return ""
    name = str(tagging.get("tagProperty", "/properties/Tags")).rpartition("/")[2]
    return name if name in schema.get("properties", {}) else ""
