"""Errors to exit codes, in one place.

0 done, 1 known failure, 2 usage, 3 the stack ended badly, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from chantier.cli.refusals import sentence
from chantier.cli.show import red
from chantier.errors import ChantierError, StackError

KNOWN_FAILURE, STACK_FAILURE, INTERRUPTED = 1, 3, 130


class ChantierGroup(click.Group):
    """A group whose commands in the order written end with a sentence, never a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order of a first day's work."""
        return list(self.commands)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run, and turn what went wrong into a sentence and an exit code."""
        kwargs["standalone_mode"] = False
        try:
            # Outside its standalone mode click returns the code of an Exit.
            code = super().main(*args, **kwargs)
        except click.ClickException as wrong:
            wrong.show()
            sys.exit(wrong.exit_code)
        except (click.Abort, KeyboardInterrupt):
            click.echo("Stopped.", err=True)
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            # The reader of stdout has gone (`| head`); what is left has nowhere to go.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(KNOWN_FAILURE)
        except ChantierError as error:
            _say(error.message, error.hint)
            sys.exit(STACK_FAILURE if isinstance(error, StackError) else KNOWN_FAILURE)
        except Exception as error:
            told = sentence(error)
            if told is None:
                raise
            _say(*told)
            sys.exit(KNOWN_FAILURE)
        if isinstance(code, int) and code:
            sys.exit(code)


def _say(message: str, hint: str) -> None:
    click.echo(red(message), err=True)
    if hint:
        click.echo(hint, err=True)
