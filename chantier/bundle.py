"""The modules that a Lambda needs, as the text of one readable `index.py`.

Nothing is written twice: what is tested as modules is what is shipped. The
bundle follows `from chantier.x import name` from an entry module, puts each
module once after what it needs, and leaves out docstrings, types and our own imports.

It refuses what it could not ship faithfully: a module imported as a whole, a
renamed import, two modules with one top-level name, a text in an f-string's braces.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from chantier.errors import ChantierError
from chantier.parts import Parts, Statement, Taken, names, parts_of

PACKAGE = "chantier"
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
    modules: dict[str, Parts] = {}
    for entry in entries:
        _visit(entry, modules)
    reached = _reached(_definitions(modules), footer)
    imports: set[tuple[str, str]] = set()
    texts: list[str] = []
    for module, parts in modules.items():
        kept = [one for one in parts.statements if reached.intersection(one.defines)]
        if kept:
            _check_f_strings(module, kept)
            texts.append("\n".join((f"# --- {module}", *(one.text for one in kept))))
            used = {name for one in kept for name in one.used}
            imports |= _outside_imports(parts.top, used)
            if NAMEDTUPLE[1] in used:
                imports.add(NAMEDTUPLE)
    head = "from __future__ import annotations\n\n" + _import_lines(imports)
    return "\n\n".join((head, *texts, footer.strip())) + "\n"


def _visit(module: str, modules: dict[str, Parts], coming: tuple[str, ...] = ()) -> None:
    """Put a module after those that it takes names from."""
    path = _path(ROOT, module)
    if path is None:
        raise ChantierError(f"There is no module {module} to put in a bundle.")
    parts = parts_of(path)
    for needed in _needed(module, parts):
        if needed not in modules and needed not in coming:
            _visit(needed, modules, (*coming, module))
    modules.setdefault(module, parts)


def _needed(module: str, parts: Parts) -> list[str]:
    """The modules of this package that a module takes names from."""
    ours = [one for one in parts.imports if _is_ours(one)]
    for one in ours:
        _check_import(f"{module}:{one.line}", one)
    return sorted({one.module for one in ours})


@cache
def _path(root: Path, module: str) -> Path | None:
    """The file of a module; None where it is no file."""
    path = root.joinpath(*module.split(".")[1:]).with_suffix(".py")
    return path if path.is_file() else None


def _is_ours(taken: Taken) -> bool:
    return taken.module.startswith(PACKAGE)


def _check_import(where: str, taken: Taken) -> None:
    if not taken.name:
        raise ChantierError(f"{where}: a bundle takes names, not modules")
    if _path(ROOT, taken.module) is None:
        raise ChantierError(f"{where}: import from the defining module instead")
    if taken.renamed or taken.name == "*":
        raise ChantierError(f"{where}: a bundle cannot rename an import")


def _check_f_strings(module: str, statements: list[Statement]) -> None:
    for one in statements:
        if one.quoted:
            raise ChantierError(f"{module}:{one.quoted}: a text inside an f-string's braces")


def _definitions(modules: dict[str, Parts]) -> dict[str, Statement]:
    """Every top-level name and the statement that defines it."""
    owners: dict[str, str] = {}
    found: dict[str, Statement] = {}
    for module, parts in modules.items():
        for one in parts.statements:
            for name in one.defines:
                if name in owners:
                    raise ChantierError(f"{module} and {owners[name]} both define {name}")
                owners[name], found[name] = module, one
    return found


def _reached(definitions: dict[str, Statement], footer: str) -> set[str]:
    """The top-level names that the footer needs, directly or not."""
    waiting = names(ast.parse(footer))
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in definitions and name not in reached:
            reached.add(name)
            waiting.update(definitions[name].needs)
    return reached


def _outside_imports(taken: tuple[Taken, ...], used: set[str]) -> set[tuple[str, str]]:
    """(module, name) of each import that is used; an empty name for `import module`."""
    return {
        (one.module, one.name)
        for one in taken
        if not _is_ours(one) and (one.name or one.module.split(".")[0]) in used
    }


def _import_lines(imports: set[tuple[str, str]]) -> str:
    whole = [f"import {module}" for module, name in sorted(imports) if not name]
    modules = sorted({module for module, name in imports if name})
    named = [
        f"from {module} import " + ", ".join(sorted(n for m, n in imports if m == module and n))
        for module in modules
    ]
    return "\n".join((*whole, *named))
