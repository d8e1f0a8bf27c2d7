"""A template as YAML that people read: in data-flow order, code as it was written."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import yaml
from troposphere import Template

WIDTH = 100
RULE = 70
LIST = 60
SEQUENCE = "tag:yaml.org,2002:seq"
# A resource begins at a line that is not indented; an empty line stays empty.
UNINDENTED = re.compile(r"^(?=[^ \n])", re.MULTILINE)
WRITTEN_LINE = re.compile(r"^(?=[^\n])", re.MULTILINE)
# What a reader wants to know first.
HEAD = ("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters")
RESOURCE = ("Type", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata")


# libyaml where PyYAML was built with it, as its wheels are: it writes six times as fast. The
# other one quotes a few texts more and says the same.
if TYPE_CHECKING:
    from yaml import SafeDumper as _Emitter
else:
    _Emitter = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Emitter):
    """No aliases, code as literal blocks, short forms of CloudFormation's functions."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - a template repeats, it does not refer
        return True


class _Intrinsic:
    """A CloudFormation function in its short form."""

    def __init__(self, tag: str, value: Any) -> None:
        self.tag = tag
        self.value = value


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text.strip("\n") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _list(dumper: _Dumper, items: list[Any]) -> yaml.Node:
    """A few short texts stand on one line; anything else one below the other."""
    node = dumper.represent_sequence(SEQUENCE, items, flow_style=_short_texts(items))
    for item, inner in zip(items, node.value, strict=True):
        if isinstance(item, dict) and _short_texts([*item, *item.values()]):
            inner.flow_style = True
    return node


def _short_texts(items: list[Any]) -> bool:
    texts = [item.value if isinstance(item, _Intrinsic) else item for item in items]
    flat = all(isinstance(text, str) for text in texts)
    return flat and sum(map(len, texts)) <= LIST


def _intrinsic(dumper: _Dumper, said: _Intrinsic) -> yaml.Node:
    if isinstance(said.value, str):
        style = "|" if "\n" in said.value.strip("\n") else None
        return dumper.represent_scalar(said.tag, said.value, style=style)
    if isinstance(said.value, list):
        return dumper.represent_sequence(said.tag, said.value)
    return dumper.represent_mapping(said.tag, said.value)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_Intrinsic, _intrinsic)
_Dumper.add_representer(list, _list)


def to_yaml(template: Template, sections: Iterable[tuple[str, tuple[str, ...]]] = ()) -> str:
    """The template's YAML.

    Args:
        template: what `build` returned, with whatever was added to it.
        sections: titles and the logical ids under each, in order, or patterns such as
            `Machine0*`; resources that none names come last.
    """
    body = _ordered(template.to_dict(), HEAD)
    resources = body.pop("Resources")
    outputs = body.pop("Outputs", None)
    parts = [_dump(body), "Resources:\n"]
    left = dict(resources)
    for title, names in sections:
        found = [one for name in names for one in fnmatch.filter(left, name)]
        chosen = {name: left.pop(name) for name in found}
        parts += _section(title, chosen)
    parts += _section("Added", left)
    if outputs:
        parts.append("\n" + _dump({"Outputs": outputs}))
    return "".join(parts)


def _section(title: str, resources: Mapping[str, Any]) -> list[str]:
    if not resources:
        return []
    rule = "-" * max(3, RULE - len(title))
    text = _dump({name: _ordered(one, RESOURCE) for name, one in resources.items()})
    apart = UNINDENTED.sub(r"\n\g<0>", text)
    return [f"\n  # {title} {rule}\n", WRITTEN_LINE.sub("  ", apart)]


def _ordered(body: Mapping[str, Any], first: tuple[str, ...]) -> dict[str, Any]:
    head = {key: body[key] for key in first if key in body}
    return head | {key: value for key, value in body.items() if key not in head}


def _dump(body: Mapping[str, Any]) -> str:
    return yaml.dump(
        _short(body), Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True
    )


def _short(value: Any) -> Any:
    """Intrinsic functions in their short form; everything else as it is."""
    if isinstance(value, Mapping):
        if len(value) == 1:
            key, inner = next(iter(value.items()))
            if key == "Ref":
                return _Intrinsic("!Ref", inner)
            if key == "Fn::GetAtt":
                return _Intrinsic("!GetAtt", ".".join(inner))
            if key.startswith("Fn::"):
                return _Intrinsic("!" + key.removeprefix("Fn::"), _short(inner))
        return {key: _short(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_short(inner) for inner in value]
    return value
