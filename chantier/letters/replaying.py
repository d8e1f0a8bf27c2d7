"""Replaying: each letter goes on from where it failed, and is removed only when it has.

    detection    detect is called with the event that the rule made, with its time of arrival,
                 and answers. Alerts are keyed: what was judged before changes nothing.
    raw store    the line is written under raw/, in an object named after the letter. A second
                 time overwrites the first, on the same day; the day is that of the replay, so
                 that the next hourly run finds it. Nothing is sent through Firehose.
    schedules    watch answers, and one good call makes up for all; aggregate may take 15
                 minutes, so Lambda accepts the call, and puts it here again if it fails.

Nothing is published as the machine: the rule would take the replay's time for the time of
arrival, the machine for heard again, and would store the raw message twice.

A machine's letters go one after the other, oldest reading first. An interrupted run leaves
each letter replayed and removed, replayed and not removed, or untouched: it can be run again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

from botocore.exceptions import ClientError, ReadTimeoutError

from chantier.cloud import Cloud
from chantier.decoding import decode
from chantier.errors import Malformed
from chantier.letters.letter import AGGREGATE, DETECT, WATCH, Letter, moment, plain
from chantier.letters.messages import OUTPUTS
from chantier.letters.places import UNREAD
from chantier.letters.reading import Letters
from chantier.letters.wanted import Wanted
from chantier.records import RAW

WORKERS = 8
# As long as a try may take: a function's time limit, and what boto3 waits for it.
TRY_S = 120
# Letters that are read before they are replayed; a message is 128 KB at most.
ROUND = 500

DONE, GONE = "replayed", "gone"
MOVED, AGAIN, STUCK = "refused", "failed again", "cannot be replayed"
# The caller's own trouble, not the letter's.
NOT_ALLOWED = ("AccessDenied", "ExpiredToken", "UnrecognizedClient", "InvalidClientTokenId")


class Outcome(NamedTuple):
    """How replaying a letter went.

    Attributes:
        letter: as it was found.
        what: replayed; refused, so that it lies in quarantine now; failed again, or cannot be
            replayed, so that it stays; gone, because somebody else was first.
        reason: why it was refused or failed; empty else.
        late: readings that came too late to be judged, which settling the day does.
    """

    letter: Letter
    what: str
    reason: str = ""
    late: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing is left to do."""
        return self.what in (DONE, GONE)

    def as_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        letter = self.letter
        said = {"id": letter.id, "place": letter.place, "machine": letter.machine}
        return {**said, "what": self.what, "reason": self.reason, "late": self.late}


class Failed(Exception):
    """A try that did not do; the text is why."""


class Replay:
    """Replays letters of a deployed site.

    Args:
        cloud: where.
        letters: of the site.
        clock: epoch seconds.
    """

    def __init__(
        self, cloud: Cloud, letters: Letters, clock: Callable[[], float] = time.time
    ) -> None:
        self._letters = letters
        self._functions = {
            short: letters.outputs[name]
            for name, short in OUTPUTS.items()
            if name in letters.outputs
        }
        self._bucket = letters.outputs["DataBucketName"]
        self._lambda = cloud.client("lambda")
        self._s3 = cloud.client("s3")
        self._clock = clock
        self._woken = False

    def run(
        self, wanted: Wanted, limit: int, tick: Callable[[int, int], None]
    ) -> tuple[list[Outcome], int]:
        """Replay the letters that are asked for, in rounds, each letter once.

        Args:
            wanted: which.
            limit: how many at most.
            tick: receives how many were replayed, and how many are known of.

        Returns:
            What became of each, and how many more there are, about.
        """
        outcomes: list[Outcome] = []
        more = 0
        while room := min(ROUND, limit - len(outcomes)):
            tried = frozenset(one.letter.id for one in outcomes)
            with self._letters.held(wanted._replace(without=tried), room) as found:
                there = len(outcomes) + len(found.letters) + found.more
                for done in self._each(found.letters):
                    outcomes.append(done)
                    tick(len(outcomes), there)
            more = found.more
            # A round that is not full has seen everything; SQS's own count is a guess.
            if len(found.letters) < room:
                break
        return outcomes, more

    def _each(self, letters: Iterable[Letter]) -> Iterable[Outcome]:
        """Replay letters, several machines at once; what is under way ends before a stop."""
        lines: dict[str, list[Letter]] = {}
        for letter in sorted(letters, key=_oldest_reading):
            lines.setdefault(letter.machine or letter.way.function, []).append(letter)
        with ThreadPoolExecutor(WORKERS) as pool:
            going: set[Future[Outcome]] = set()
            ahead: dict[Future[Outcome], list[Letter]] = {}

            def go(line: list[Letter]) -> None:
                first, *rest = line
                future = pool.submit(self.one, first)
                going.add(future)
                ahead[future] = rest

            for line in lines.values():
                go(line)
            try:
                while going:
                    ended, _ = wait(going, return_when=FIRST_COMPLETED)
                    for future in ended:
                        going.discard(future)
                        if rest := ahead.pop(future):
                            go(rest)
                        yield future.result()
            finally:
                for future in going:
                    future.cancel()

    def one(self, letter: Letter) -> Outcome:
        """Replay one letter, and remove it if it has gone on."""
        if letter.way.hindrance:
            return Outcome(letter, STUCK, letter.way.hindrance)
        if not self._letters.there(letter, TRY_S):
            return Outcome(letter, GONE)
        try:
            answer = self._send(letter)
        except Failed as reason:
            self._letters.notes.write(letter, str(reason), self._clock() * 1000)
            return Outcome(letter, AGAIN, str(reason))
        refused, late = str(answer.get("quarantined", "")), int(answer.get("late", 0))
        if refused and letter.place == UNREAD.name:
            self._letters.notes.write(letter, refused, self._clock() * 1000)
            # Its good readings were judged when it came; it brings nothing new.
            return Outcome(letter, AGAIN, refused)
        self._letters.remove(letter)
        return Outcome(letter, MOVED if refused else DONE, refused, late)

    def _send(self, letter: Letter) -> dict[str, Any]:
        """Do what the letter's way says.

        Raises:
            Failed: AWS or the function refused it.
        """
        way = letter.way
        try:
            if way.raw:
                day = moment(self._clock() * 1000)[:10]
                key = f"{RAW}dt={day}/replayed-{letter.id}.json"
                self._s3.put_object(Bucket=self._bucket, Key=key, Body=way.raw.encode())
            return self._call(way.function, way.event) if way.function else {}
        except ClientError as refused:
            if refused.response["Error"]["Code"].startswith(NOT_ALLOWED):
                raise
            raise Failed(plain(str(refused))) from refused
        except ReadTimeoutError as late:
            raise Failed("the function did not answer in time") from late

    def _call(self, function: str, event: Any) -> dict[str, Any]:
        if function == WATCH and self._woken:
            return {}
        name = self._functions.get(function)
        if name is None:
            raise Failed(f"the stack has no function {function}")
        payload = json.dumps(event).encode()
        if function == AGGREGATE:
            self._lambda.invoke(FunctionName=name, InvocationType="Event", Payload=payload)
            return {}
        answer = self._lambda.invoke(FunctionName=name, Payload=payload)
        said = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise Failed(plain(_error(said)))
        self._woken |= function == WATCH
        return said if isinstance(said, dict) else {}


def _error(said: Any) -> str:
    """What a function that failed said."""
    said = said if isinstance(said, dict) else {}
    parts = (str(said.get(name, "")) for name in ("errorType", "errorMessage"))
    return ": ".join(filter(None, parts)) or "the function failed and gave no reason"


def _oldest_reading(letter: Letter) -> tuple[int, int, str]:
    """Time and number of the oldest reading of a letter for detection; the others come first."""
    if letter.way.function == DETECT:
        try:
            readings = decode(letter.way.event).readings
        except Malformed:
            readings = ()
        if readings:
            return readings[0].t, readings[0].seq, letter.id
    return 0, 0, letter.at
