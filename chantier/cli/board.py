"""A deployment while it goes on: a tree on a terminal, a line a resource elsewhere.

Seconds are those between CloudFormation's own events where it tells their time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chantier.cli.naming import Names
from chantier.cli.show import clean, say

if TYPE_CHECKING:
    from rich.console import RenderableType

    from chantier.deploying.watching import Step

# Lines of resources under way, so that the tree fits in 24 lines.
MOST = 6


class Board:
    """What has become of each resource.

    Args:
        title: the stack's name.
        names: how resources are called.
        expected: the logical ids that will be touched; more may come.
    """

    def __init__(self, title: str, names: Names, expected: list[str]) -> None:
        self.title, self.names = title, names
        self.steps: dict[str, Step] = {}
        self.began: dict[str, float] = {}
        self.ended: dict[str, float] = {}
        self.expected = {name: names.section(name) for name in expected}
        self.failed: list[str] = []
        self.status = ""
        self.start = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.start

    def note(self, step: Step) -> str:
        """Take in a step; a line for it if it is worth one, else an empty one."""
        if step.of_stack:
            self.status = step.status
            return self._turn(step)
        name, now = step.logical_id, self._time(step)
        self.steps[name] = step
        self.expected.setdefault(name, self.names.section(name))
        self.began.setdefault(name, now)
        if not step.done:
            return ""
        self.ended[name] = now
        human = self.names.full(name, step.kind)
        if step.status.endswith("_FAILED"):
            return self._failure(step, human)
        word = "deleted" if step.status.startswith("DELETE") else "done"
        return f"  {self.ended[name] - self.began[name]:6.1f} s  {word:7} {human}"

    def _failure(self, step: Step, human: str) -> str:
        from chantier.deploying.failures import cleaned, followed

        if followed(step.reason):
            return ""
        self.failed.append(f"{human}: {cleaned(step.reason)}")
        return f"            failed  {self.failed[-1]}"

    def _turn(self, step: Step) -> str:
        if "ROLLBACK_IN_PROGRESS" in step.status:
            return f"            {step.status}: what was made is undone."
        return ""

    def _time(self, step: Step) -> float:
        return step.at.timestamp() if step.at else time.time()

    def tree(self) -> RenderableType:
        """Sections with how much of them is done, and the resources under way."""
        from rich.text import Text
        from rich.tree import Tree

        done = sum(step.done for step in self.steps.values())
        count = "" if self._undoes else f"{done} of {len(self.expected)}  "
        head = f"{self.title}  {self.status}  {count}{self.seconds:.1f} s"
        root, room = Tree(Text(head, style="bold")), MOST
        for title in self.names.titles:
            inside = [name for name, section in self.expected.items() if section == title]
            if not inside:
                continue
            branch = root.add(self._section(title, inside))
            under_way = [name for name in inside if name in self.steps and not self._rests(name)]
            for name in under_way[:room]:
                branch.add(Text(self._leaf(name), style="cyan", no_wrap=True))
            room = max(0, room - len(under_way))
        for line in self.failed[:2]:
            root.add(Text(clean(line), style="red"))
        return root

    def _section(self, title: str, inside: list[str]) -> Any:
        from rich.text import Text

        over = [name for name in inside if self._rests(name)]
        if self._undoes:
            gone = sum(self.steps[name].status == "DELETE_COMPLETE" for name in over)
            return Text(f"{title:<18}{gone:>4} undone", style="dim")
        style = "green" if len(over) == len(inside) else ""
        times = [self.ended[name] for name in over]
        took = ""
        if times and len(over) == len(inside):
            took = f"{max(times) - min(self.began[name] for name in inside):6.1f} s"
        return Text(f"{title:<18}{len(over):>4} of {len(inside):<4}{took}", style=style)

    @property
    def _undoes(self) -> bool:
        return "ROLLBACK" in self.status

    def _rests(self, name: str) -> bool:
        return name in self.steps and self.steps[name].done

    def _leaf(self, name: str) -> str:
        step = self.steps[name]
        human = self.names.human(name, step.kind)
        return f"{human}  {max(0.0, time.time() - self.began[name]):.0f} s"


@contextmanager
def watching(board: Board) -> Iterator[Any]:
    """Gives a function to call with each step."""
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True)
    if not console.is_terminal or "NO_COLOR" in os.environ:

        def tell(step: Step) -> None:
            if line := board.note(step):
                say(clean(line))

        yield tell
        return
    with Live(
        console=console, refresh_per_second=8, get_renderable=board.tree, vertical_overflow="crop"
    ):
        yield board.note
