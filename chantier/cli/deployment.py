"""A deployment from the site file to its outputs: checked, priced, planned, asked, done.

Each step is the library's; what is here asks, tells, and puts things back when the answer is no.
"""

from __future__ import annotations

import os
import shlex
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from chantier.cli.board import Board, watching
from chantier.cli.naming import Names
from chantier.cli.options import PROFILE, REGION, SITE_FILE, told
from chantier.cli.plan import show as show_plan
from chantier.cli.show import clean, fold, say
from chantier.errors import ChantierError

if TYPE_CHECKING:
    from chantier.cloud import Cloud
    from chantier.deploying.recovery import Trouble
    from chantier.site import Site
    from chantier.stack import Deployed, Plan


class Order(NamedTuple):
    """What was typed.

    Attributes:
        site_path: the site file.
        given: parameters.
        local: for the embedded AWS.
        yes: nobody is to be asked.
        plan_only: stop before anything is done.
    """

    site_path: Path
    given: dict[str, str]
    local: bool
    yes: bool
    plan_only: bool

    def command(self, *more: str) -> str:
        """The command that does the same again."""
        words = ["chantier", "deploy"]
        if str(self.site_path) != SITE_FILE:
            words += ["--site", str(self.site_path)]
        words += ["--local"] if self.local else []
        for option, key in (("--profile", PROFILE), ("--region", REGION)):
            words += [option, value] if (value := told(key)) else []
        for name, value in self.given.items():
            words += ["-p", f"{name}={value}"]
        return shlex.join([*words, *more])


def checked(site: Site) -> str:
    """The site's template, which passes AWS's quotas and every check of ours.

    Raises:
        ChantierError: it does not.
    """
    from chantier.cli.template import template_of
    from chantier.lint import lint

    body = template_of(site)
    if found := lint(body, region=site.site.region):
        said = [
            clean(f"  {one.resource or 'template'}: {one.rule} {one.message}") for one in found
        ]
        raise ChantierError(
            "\n".join((f"The template has {len(found)} findings; nothing was deployed.", *said)),
            hint="What each asks for: chantier lint --json",
        )
    return body


def names_of(body: str) -> Names:
    """What the resources of a template are called."""
    from chantier.deploying.reading import plain, resolved
    from chantier.template import SECTIONS

    return Names(SECTIONS, resolved(plain(body), {}))


class Deployment:
    """One deployment of a site.

    Args:
        order: what was typed.
        cloud: where.
        site: what.
        body: its template.
        parameters: of the template, to set.
    """

    def __init__(
        self, order: Order, cloud: Cloud, site: Site, body: str, parameters: dict[str, str]
    ) -> None:
        self.order, self.cloud, self.site, self.body = order, cloud, site, body
        self.parameters = parameters
        self.names = names_of(body)
        self.asked = False
        self.seconds = 0.0

    def plan(self) -> Plan:
        """The change set, after a stack in trouble was recovered if that was agreed to."""
        from chantier.stack import plan, stack_name

        board = Board(stack_name(self.site.name), self.names, [])
        with ExitStack() as shown:
            tell: list[Any] = []

            def follow(step: Any) -> None:
                # The tree is drawn only once there is something to follow.
                if not tell:
                    tell.append(shown.enter_context(watching(board)))
                tell[0](step)

            return plan(
                self.cloud,
                self.body,
                site=self.site.name,
                parameters=self.parameters,
                say=say,
                agree=self.agree,
                tell=follow,
            )

    def agree(self, trouble: Trouble) -> bool:
        """Whether to recover a stack: asked, unless there is nothing to ask."""
        if self.order.plan_only or not trouble.remedy:
            return False
        say(fold(trouble.means, indent=0))
        for cause in trouble.causes[:1]:
            say(fold(f"It failed of {clean(cause.sentence)}", indent=0))
        if trouble.question:
            self.confirm(trouble.question)
        else:
            say("This follows it to its end, then goes on. Ctrl-C stops following, not it.")
        return True

    def confirm(self, question: str) -> None:
        """Ask; anything but yes ends it.

        Raises:
            ChantierError: no, or nobody is there to ask.
        """
        if self.order.yes:
            return
        command = self.order.command("--yes")
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise ChantierError(
                f"{question} Nobody is there to ask; nothing was changed.",
                hint=f"Say yes on the command line: {command}",
            )
        if not click.confirm(question, default=False, err=True):
            raise ChantierError("Nothing was changed.", hint=f"Next time: {command}")
        self.asked = True

    def shown(self, made: Plan, *, err: bool) -> None:
        """Print the plan; to stdout where it is the answer."""
        from rich.console import Console

        show_plan(made, self.names, Console(stderr=err, highlight=False))

    def carry_out(self, made: Plan) -> Deployed:
        """Ask, then execute with progress.

        Raises:
            ChantierError: the answer is no; nothing is left of the plan.
            StackError: it ended badly.
        """
        from chantier.stack import Deployed, discard, execute, outputs

        try:
            self.confirm("Deploy this?")
        except BaseException:
            discard(self.cloud, made)
            raise
        if self.asked:
            say(f"The same without questions: {self.order.command('--yes')}")
        board = Board(made.stack, self.names, [one.logical_id for one in made.changes])
        try:
            with watching(board) as tell:
                status = execute(self.cloud, made, tell=tell)
        except KeyboardInterrupt:
            self._left(made.stack, board.status or "being started")
            raise
        finally:
            self.seconds = board.seconds
        done = outputs(self.cloud, self.site.name)
        return Deployed(made.stack, status, changed=True, outputs=done)

    def _left(self, stack: str, status: str) -> None:
        from chantier.cli.failing import interrupted

        interrupted(stack, status, local=self.order.local, again=self.order.command())


def region_note(site: Site) -> None:
    """Say when the environment names another region than the one that counts."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if (other := os.environ.get(name)) and other != site.site.region and not told(REGION):
            say(f"The site file's region counts: {site.site.region}, not {name} ({other}).")
            return
