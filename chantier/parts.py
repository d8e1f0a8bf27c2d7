"""A module taken apart: what a bundle must know of each of its statements.

Taking modules apart costs more than everything else that rendering a template does, and
gives the same until a module changes: it is kept (`chantier.kept`).
"""

from __future__ import annotations

import ast
import copy
import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from chantier.kept import kept

WIDTH = 99


class Taken(NamedTuple):
    """An import at the top of a module; `name` is empty for `import module`."""

    module: str
    name: str
    renamed: bool
    line: int


class Statement(NamedTuple):
    """One statement of a module, as it is shipped.

    Attributes:
        defines: the top-level names that it gives a value.
        needs: the names that it uses, before imports are told from definitions.
        text: its code without docstrings and types.
        used: the names in that text.
        quoted: the line of a text inside an f-string's braces; 0 for none.
    """

    defines: tuple[str, ...]
    needs: tuple[str, ...]
    text: str
    used: tuple[str, ...]
    quoted: int


class Parts(NamedTuple):
    """A module: all that it imports anywhere, what of it at the top, and its statements."""

    imports: tuple[Taken, ...]
    top: tuple[Taken, ...]
    statements: tuple[Statement, ...]


@cache
def parts_of(path: Path) -> Parts:
    """The parts of the module in a file, from what is kept of it where that still holds."""
    source = path.read_text("utf-8")
    # What this file makes of a source is a part of the key.
    said = source + Path(__file__).read_text("utf-8")
    key = hashlib.sha256(said.encode()).hexdigest()
    imports, top, statements = kept(path, "parts", key=key, make=lambda: take_apart(source))
    return Parts(
        tuple(Taken(*one) for one in imports),
        tuple(Taken(*one) for one in top),
        tuple(Statement(*one) for one in statements),
    )


def take_apart(source: str) -> Parts:
    """The parts of a module's source."""
    tree = ast.parse(source)
    return Parts(
        tuple(one for node in ast.walk(tree) for one in _taken(node)),
        tuple(one for node in tree.body for one in _taken(node)),
        tuple(_statement(node) for node in tree.body if _defined(node)),
    )


def _taken(node: ast.AST) -> list[Taken]:
    if isinstance(node, ast.Import):
        return [Taken(one.name, "", bool(one.asname), node.lineno) for one in node.names]
    if isinstance(node, ast.ImportFrom):
        module = node.module or ""
        return [Taken(module, one.name, bool(one.asname), node.lineno) for one in node.names]
    return []


def _statement(node: ast.stmt) -> Statement:
    defined, quoted = _defined(node), _quoted(node)
    text = _text(node)
    return Statement(
        tuple(defined),
        tuple(sorted(names(_bare(node)))),
        text,
        tuple(sorted(names(ast.parse(text)))),
        quoted,
    )


def _quoted(statement: ast.stmt) -> int:
    """Python 3.12 writes a quote inside an f-string otherwise than 3.11: one text, no surprise."""
    for node in ast.walk(statement):
        if isinstance(node, ast.FormattedValue) and any(
            isinstance(part, ast.Constant) and isinstance(part.value, str)
            for part in ast.walk(node.value)
        ):
            return node.lineno
    return 0


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    parts = [part for one in targets for part in getattr(one, "elts", [one])]
    return [part.id for part in parts if isinstance(part, ast.Name)]


def names(node: ast.AST) -> set[str]:
    """Every name in a piece of code."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _text(node: ast.stmt) -> str:
    """Code as short as Python writes it; a table with as many entries a line as fit."""
    if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Dict):
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        return f"{ast.unparse(target)} = {_table(node.value, '')}"
    written = ast.unparse(_bare(node)).splitlines()
    text = "\n".join(_narrow(line) for line in written if line.strip())
    return "\n" + text if isinstance(node, ast.FunctionDef | ast.ClassDef) else text


def _table(table: ast.Dict, indent: str) -> str:
    inner = indent + "  "
    lines = [inner]
    for key, value in zip(table.keys, table.values, strict=True):
        name = f"{ast.unparse(key)}: " if key else "**"
        entry = name + ast.unparse(value) + ","
        if len(inner + entry) > WIDTH and isinstance(value, ast.Dict):
            entry = name + _table(value, inner) + ","
        if len(lines[-1] + entry.partition("\n")[0]) > WIDTH and lines[-1].strip():
            lines.append(inner)
        lines[-1] += entry if lines[-1] == inner else " " + entry
    return "{\n" + "\n".join(lines) + f"\n{indent}}}"


def _narrow(line: str) -> str:
    code = line.lstrip(" ")
    return " " * ((len(line) - len(code)) // 2) + code


def _bare(node: ast.stmt) -> ast.stmt:
    bare: ast.stmt = _Bare().visit(copy.deepcopy(node))
    return bare


class _Bare(ast.NodeTransformer):
    """Takes away what only a reader of the module needs: docstrings and types."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
            argument.annotation = None
        _drop_docstring(node)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        _drop_docstring(node)
        if [ast.unparse(base) for base in node.bases] == ["NamedTuple"]:
            return self.generic_visit(_plain_tuple(node))
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """A variable loses its type; one without a value must keep one, and gets a short one."""
        if node.value:
            return ast.Assign([node.target], node.value, lineno=node.lineno)
        node.annotation = ast.Name("object")
        return node


def _plain_tuple(node: ast.ClassDef) -> ast.stmt:
    """A NamedTuple by way of `collections.namedtuple`: the same class, and `typing` stays out.

    Importing `typing` and checking each field's type take 3 ms of every cold start.
    """
    fields = [part for part in node.body if isinstance(part, ast.AnnAssign)]
    names = " ".join(ast.unparse(field.target) for field in fields)
    defaults = ast.Tuple([field.value for field in fields if field.value])
    base = ast.parse(f"namedtuple({node.name!r}, {names!r})", mode="eval").body
    if defaults.elts and isinstance(base, ast.Call):
        base.keywords.append(ast.keyword("defaults", defaults))
    methods = [part for part in node.body if part not in fields and not isinstance(part, ast.Pass)]
    if not methods:
        return ast.Assign([ast.Name(node.name)], base, lineno=node.lineno)
    # As in a NamedTuple: no dictionary beside the fields.
    node.bases, node.body = [base], [*ast.parse("__slots__ = ()").body, *methods]
    return node


def _drop_docstring(node: ast.ClassDef | ast.FunctionDef) -> None:
    if ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:] or [ast.Pass()]
