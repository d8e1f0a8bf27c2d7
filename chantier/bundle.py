"""The modules that a Lambda needs, as the text of one readable `index.py`.

Nothing is written twice: what is tested as modules is what is shipped. The
bundle follows `from chantier.x import name` from an entry module, puts each
module once after what it needs, and leaves out docstrings, types and our own imports.

It refuses what it could not ship faithfully: a module imported as a whole, a
renamed import, two modules with one top-level name, a text in an f-string's braces.
"""

from __future__ import annotations

import ast
import copy
from pathlib import Path

from chantier.errors import ChantierError

PACKAGE = "chantier"
WIDTH = 99
NAMEDTUPLE = ("collections", "namedtuple")
ROOT = Path(__file__).parent


def bundle(*entries: str, footer: str) -> str:
    """The text of `index.py`.

    Args:
        entries: module names, for example "chantier.functions.detect".
        footer: lines to put last; what they do not reach is left out.

    Raises:
        ChantierError: a module imports in a way that one file cannot keep.
    """
    order: list[str] = []
    for entry in entries:
        _visit(entry, order)
    trees = {module: ast.parse(_source(module)) for module in order}
    reached = _reached(_definitions(trees), footer)
    imports: set[tuple[str, str]] = set()
    parts: list[str] = []
    for module, tree in trees.items():
        kept = [node for node in tree.body if reached.intersection(_defined(node))]
        if kept:
            for node in kept:
                _check_f_strings(module, node)
            texts = [_text(node) for node in kept]
            parts.append("\n".join((f"# --- {module}", *texts)))
            used = _names(ast.parse("\n".join(texts)))
            imports |= _outside_imports(tree, used)
            if NAMEDTUPLE[1] in used:
                imports.add(NAMEDTUPLE)
    head = "from __future__ import annotations\n\n" + _import_lines(imports)
    return "\n\n".join((head, *parts, footer.strip())) + "\n"


def _visit(module: str, order: list[str]) -> None:
    for needed in sorted(_ours(module)):
        if needed not in order:
            _visit(needed, order)
    if module not in order:
        order.append(module)


def _source(module: str) -> str:
    return ROOT.joinpath(*module.split(".")[1:]).with_suffix(".py").read_text("utf-8")


def _ours(module: str) -> set[str]:
    """The modules of this package that a module takes names from."""
    needed: set[str] = set()
    for node in ast.walk(ast.parse(_source(module))):
        if isinstance(node, ast.Import) and any(a.name.startswith(PACKAGE) for a in node.names):
            raise ChantierError(f"{module}:{node.lineno}: a bundle takes names, not modules")
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            _check_names(module, node)
            needed.add(str(node.module))
    return needed


def _check_names(module: str, node: ast.ImportFrom) -> None:
    if not ROOT.joinpath(*str(node.module).split(".")[1:]).with_suffix(".py").is_file():
        raise ChantierError(f"{module}:{node.lineno}: import from the defining module instead")
    if any(alias.asname or alias.name == "*" for alias in node.names):
        raise ChantierError(f"{module}:{node.lineno}: a bundle cannot rename an import")


def _check_f_strings(module: str, statement: ast.stmt) -> None:
    """Python 3.12 writes a quote inside an f-string otherwise than 3.11: one text, no surprise."""
    for node in ast.walk(statement):
        if isinstance(node, ast.FormattedValue) and any(
            isinstance(part, ast.Constant) and isinstance(part.value, str)
            for part in ast.walk(node.value)
        ):
            raise ChantierError(f"{module}:{node.lineno}: a text inside an f-string's braces")


def _definitions(trees: dict[str, ast.Module]) -> dict[str, ast.stmt]:
    """Every top-level name and the statement that defines it."""
    owners: dict[str, str] = {}
    found: dict[str, ast.stmt] = {}
    for module, tree in trees.items():
        for node in tree.body:
            for name in _defined(node):
                if name in owners:
                    raise ChantierError(f"{module} and {owners[name]} both define {name}")
                owners[name], found[name] = module, node
    return found


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [node.target]
    parts = [part for one in targets for part in getattr(one, "elts", [one])]
    return [part.id for part in parts if isinstance(part, ast.Name)]


def _reached(definitions: dict[str, ast.stmt], footer: str) -> set[str]:
    """The top-level names that the footer needs, directly or not."""
    waiting = _names(ast.parse(footer))
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in definitions and name not in reached:
            reached.add(name)
            waiting |= _names(_bare(definitions[name]))
    return reached


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _outside_imports(tree: ast.Module, used: set[str]) -> set[tuple[str, str]]:
    """(module, name) of each import that is used; an empty name for `import module`."""
    found: set[tuple[str, str]] = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {(a.name, "") for a in node.names if a.name.split(".")[0] in used}
        elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith(PACKAGE):
            found |= {(str(node.module), a.name) for a in node.names if a.name in used}
    return found


def _import_lines(imports: set[tuple[str, str]]) -> str:
    whole = [f"import {module}" for module, name in sorted(imports) if not name]
    modules = sorted({module for module, name in imports if name})
    named = [
        f"from {module} import " + ", ".join(sorted(n for m, n in imports if m == module and n))
        for module in modules
    ]
    return "\n".join((*whole, *named))


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
