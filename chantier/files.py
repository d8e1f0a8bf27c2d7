"""Files that a person asked for: written whole or not at all."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from chantier.errors import ChantierError


def write_whole(path: Path, content: bytes, *, option: str) -> None:
    """Write a file; one that was there stays as it is unless the new one is whole.

    Args:
        path: where.
        content: of the file.
        option: which named it, for what to type next.

    Raises:
        ChantierError: it cannot be written.
    """
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            # A pipe, or /dev/stdout: nothing that another file could take the place of.
            path.write_bytes(content)
        else:
            _replace(path, content)
    except OSError as error:
        raise ChantierError(
            f"{path} cannot be written: {error.strerror}.", f"Name another {option}."
        ) from error


def _replace(path: Path, content: bytes) -> None:
    draft = path.with_name(f".{path.name}.draft")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
