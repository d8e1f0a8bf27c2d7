"""A template as YAML that people read: in data-flow order, code as it was written."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from troposphere import Template
from yaml.emitter import ScalarAnalysis

WIDTH = 100
RULE = 70
LIST = 60
SEQUENCE = "tag:yaml.org,2002:seq"
# Printable lines of which none ends with a space and the first begins with none; one break
# at the end.
PLAIN_CODE = re.compile(r"[!-~](?:[ -~]*[!-~])?(?:\n+[ -~]*[!-~])+\n")
# What a reader wants to know first.
HEAD = ("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters")
RESOURCE = ("Type", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata")


class _Dumper(yaml.SafeDumper):
    """Two-space indents, lists set in, no aliases, code as literal blocks."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - a template repeats, it does not refer
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - yaml's own signature
        super().increase_indent(flow, indentless=False)

    def analyze_scalar(self, scalar: str) -> ScalarAnalysis:
        """Code that can stand as it is stands so; yaml would look at every letter."""
        if not PLAIN_CODE.fullmatch(scalar):
            return super().analyze_scalar(scalar)
        return ScalarAnalysis(
            scalar=scalar,
            empty=False,
            multiline=True,
            allow_flow_plain=False,
            allow_block_plain=False,
            allow_single_quoted=True,
            allow_double_quoted=True,
            allow_block=True,
        )

    def write_literal(self, text: str) -> None:
        """Code line by line: yaml writes letter by letter."""
        if not PLAIN_CODE.fullmatch(text):
            super().write_literal(text)
            return
        self.write_indicator("|", need_whitespace=True)
        self.write_line_break()
        pad = " " * (self.indent or 0)
        lines = text.removesuffix("\n").split("\n")
        self.stream.write("\n".join(pad + line if line else "" for line in lines))
        self.write_line_break()

    def choose_scalar_style(self) -> str:
        """`!Ref Table`, not `!Ref 'Table'`: a tag says already that it is a text."""
        event = self.event
        if isinstance(event, yaml.ScalarEvent) and (event.tag or "").startswith("!"):
            analysis = self.analyze_scalar(event.value)
            plain = analysis.allow_flow_plain if self.flow_level else analysis.allow_block_plain
            if plain and not analysis.multiline and not event.style:
                return ""
        return str(super().choose_scalar_style())


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
    parts = [f"\n  # {title} {rule}\n"]
    for name, resource in resources.items():
        text = _dump({name: _ordered(resource, RESOURCE)})
        parts.append("\n" + "".join(_indent(line) for line in text.splitlines(keepends=True)))
    return parts


def _ordered(body: Mapping[str, Any], first: tuple[str, ...]) -> dict[str, Any]:
    head = {key: body[key] for key in first if key in body}
    return head | {key: value for key, value in body.items() if key not in head}


def _indent(line: str) -> str:
    return "  " + line if line.strip() else "\n"


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
