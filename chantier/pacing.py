"""Many calls to AWS at a time: in parallel, and below what its control plane takes.

AWS IoT counts calls of each operation a second, for the whole account. Whoever passes that
is refused, and so is everybody else of the account meanwhile: a page of the console, a
machine that enrols. So a fleet is worked through at four fifths of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import Any, Generic, NamedTuple, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from chantier.errors import ChantierError

Thing = TypeVar("Thing")
Made = TypeVar("Made")
Tick = Callable[[int, int], None]

WORKERS = 8
# Calls a second, an account and region: of the registry of things by a copy of AWS's list of
# service quotas; every other operation counts as one of the slow ones, which is not verified.
SLOW = 10.0
RATES = {
    "AddThingToThingGroup": 100.0,
    "AttachThingPrincipal": 100.0,
    "CreateThing": 100.0,
    "DeleteThing": 100.0,
    "DescribeThing": 350.0,
    "DetachThingPrincipal": 100.0,
    "ListThingsInThingGroup": 25.0,
    "UpdateThing": 100.0,
}
SHARE = 0.8


class Outcome(NamedTuple, Generic[Thing, Made]):
    """What became of one of many.

    Attributes:
        of: the one.
        made: what was made of it; None after an error.
        error: what AWS or chantier said; None where all went well.
    """

    of: Thing
    made: Made | None
    error: Exception | None


class Pace:
    """A turnstile for each operation; threads that come too early wait there.

    Args:
        rates: calls a second, by operation.
    """

    def __init__(self, rates: dict[str, float]) -> None:
        self._rates = rates
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, operation: str) -> None:
        """Come back when it is this call's turn."""
        gap = 1.0 / (SHARE * self._rates.get(operation, SLOW))
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next.get(operation, 0.0))
            self._next[operation] = turn + gap
        time.sleep(max(0.0, turn - now))


def paced(client: Any) -> Any:
    """The client of AWS IoT, whose calls wait for their turn; repetitions after an error too."""
    pace = Pace(RATES)

    def before_send(event_name: str, **_rest: Any) -> None:
        pace.wait(event_name.rpartition(".")[2])

    client.meta.events.register("before-send.iot", before_send)
    return client


def each(
    act: Callable[[Thing], Made],
    things: Iterable[Thing],
    *,
    tick: Tick = lambda _done, _there: None,
    workers: int = WORKERS,
) -> list[Outcome[Thing, Made]]:
    """Do something to each of many, several at a time; an error of one stops no other.

    What runs when Ctrl-C comes is brought to its end, what waits is not begun.

    Args:
        act: does it; called in threads.
        things: each of them.
        tick: receives how many are done, and how many there are.
        workers: how many at a time.

    Returns:
        An outcome for each, in their order.
    """
    everything = list(things)
    outcomes: dict[int, Outcome[Thing, Made]] = {}
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        begun: dict[Future[Outcome[Thing, Made]], int] = {
            pool.submit(_tried, act, one): number for number, one in enumerate(everything)
        }
        for done, future in enumerate(as_completed(begun), 1):
            outcomes[begun[future]] = future.result()
            tick(done, len(everything))
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return [outcomes[number] for number in range(len(everything))]


def _tried(act: Callable[[Thing], Made], one: Thing) -> Outcome[Thing, Made]:
    try:
        return Outcome(one, act(one), None)
    except (ChantierError, ClientError, BotoCoreError) as error:
        return Outcome(one, None, error)


def failures(outcomes: Sequence[Outcome[Any, Any]]) -> list[str]:
    """A line for each that failed: which one, and what was said."""
    return [f"{one.of}: {told(one.error)}" for one in outcomes if one.error is not None]


def told(error: Exception | None) -> str:
    """What an error says, on one line; nothing for none."""
    if error is None:
        return ""
    if isinstance(error, ChantierError):
        return error.message
    return " ".join(str(error).split())
