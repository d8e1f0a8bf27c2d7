"""A whole run: the probe is made, speaks, is refused what it must be, and is taken away."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chantier.cloud import Cloud
from chantier.proving import hops, probe, refusals, shelves
from chantier.proving.cleaning import Cleaning, undisturbed
from chantier.proving.keeping import keeping
from chantier.proving.probe import Message, Script
from chantier.proving.promises import DOOR, PROMISES, Check, broken, holds, unseen
from chantier.proving.stage import Stage, Tick
from chantier.proving.timing import Spoken, Timing, timing
from chantier.site import Site
from chantier.stack import outputs

Say = Callable[[str], None]

COUNT, QUICK_COUNT = 20, 5
WITHIN_MS = 100.0
PATIENCE_S = 30.0
PACE_S = 0.25
# Firehose writes some time after it has collected; AWS gives no figure.
WRITES_S = 90.0
# Rest of a run beside what is waited for; and how long what is under way may take to arrive.
BESIDE_S, CALM_S = 180.0, 3.0
NOT_KEPT = "this AWS takes the setting and does not keep it"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is asked of a run.

    Attributes:
        count: messages that are timed, each opening an alert.
        within_ms: 95 of 100 alerts are to be stored within this, from when the rule has the
            message.
        patience_s: how long a hop may take.
        raw_s: how long to wait for raw data beyond what Firehose collects; None for not at all.
        not_kept: promises whose settings this cloud takes and does not keep.
    """

    count: int = COUNT
    within_ms: float = WITHIN_MS
    patience_s: float = PATIENCE_S
    raw_s: float | None = WRITES_S
    not_kept: Collection[str] = ()


@dataclass(frozen=True)
class Proof:
    """What a run showed.

    Attributes:
        checks: of every promise, in their order.
        timing: where the time goes; None where no alert was stored.
        left: what could not be taken away again.
        seconds: how long it took.
    """

    checks: tuple[Check, ...]
    timing: Timing | None
    left: tuple[str, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        """No promise is broken, and nothing was left behind."""
        return not self.left and all(check.holds is not False for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {
            "ok": self.ok,
            "checks": [check.as_dict() for check in self.checks],
            "timing": self.timing.as_dict() if self.timing else None,
            "left": list(self.left),
            "seconds": round(self.seconds, 1),
        }


def prove(cloud: Cloud, site: Site, *, wish: Wish, say: Say, tick: Tick) -> Proof:
    """Try what is promised on a deployed site, and take away again what that made.

    Args:
        cloud: where the site is deployed.
        site: the site.
        wish: what is asked.
        say: receives a line of talk.
        tick: receives what is waited for.

    Raises:
        ChantierError: the site is not deployed, or another run is under way.
    """
    began = time.monotonic()
    stage = Stage(
        cloud=cloud,
        site=site.name,
        outputs=outputs(cloud, site.name),
        patience_s=wish.patience_s,
        tick=tick,
    )
    probe.refuse_company(cloud, site)
    cleaning = Cleaning(cloud, site.name, stage.outputs)
    cleaning.sweep()
    run, calm_s = _Run(stage, site, wish), CALM_S
    try:
        with tempfile.TemporaryDirectory(prefix="chantier-prove-") as folder:
            run.play(Path(folder))
        if all(check.holds is not False for check in run.found.values()):
            calm_s = 0.0
    except BaseException:
        say("Ending early; the probe is taken away first.")
        raise
    finally:
        with undisturbed():
            tick("taking the probe away")
            left = cleaning.sweep(calm_s=calm_s)
            for what in left:
                say(f"Not taken away: {what}")
    checks = tuple(run.found.get(name) or unseen(name, run.why_not) for name in PROMISES)
    return Proof(checks, run.timing, left, time.monotonic() - began)


class _Run:
    """What is found on the way, by name of the promise."""

    def __init__(self, stage: Stage, site: Site, wish: Wish) -> None:
        self.stage, self.site, self.wish = stage, site, wish
        self.found: dict[str, Check] = {}
        self.timing: Timing | None = None
        self.why_not = "nothing came so far"
        self._since = time.time()
        self._spoken: list[Spoken] = []
        room = probe.STEP_S * (wish.count + 5)
        self._script = Script(site, int(self._since) - room)

    def play(self, folder: Path) -> None:
        """The whole run; `folder` for the probe's files."""
        buffer_s = shelves.buffer_s(self.stage)
        raw_s = None if self.wish.raw_s is None else buffer_s + self.wish.raw_s
        lasts = 8 * self.wish.patience_s + PACE_S * self.wish.count + (raw_s or 0) + BESIDE_S
        probe.announce(self.stage.cloud, self.site, until=int(time.time() + lasts))
        began = time.perf_counter()
        paper = probe.certify(
            self.stage.cloud,
            self.site,
            folder,
            "probe",
            policy=self.stage.outputs["MachinePolicyName"],
        )
        took = (time.perf_counter() - began) * 1000
        self._keep(holds("certificate", "key made here, withdrawn at the end", ms=took))
        self._path(paper)
        self._keep(*keeping(self.stage))
        self._door(folder, paper)
        if raw_s is None:
            self._keep(unseen("raw", f"not waited for; Firehose collects for {buffer_s:.0f} s"))
        elif self._spoken and self._holds("rule") is not False:
            self._keep(shelves.raw(self.stage, self._spoken, self._since, patience_s=raw_s))

    def _keep(self, *checks: Check) -> None:
        """What was seen; what does not hold stays so, whatever else holds of it."""
        for check in checks:
            if check.holds is False and check.name in self.wish.not_kept:
                check = unseen(check.name, NOT_KEPT)  # noqa: PLW2901 - what is left of it
            before = self.found.get(check.name)
            if before is None or before.holds is not False:
                self.found[check.name] = check

    def _holds(self, name: str) -> bool | None:
        return self.found[name].holds if name in self.found else None

    def _path(self, paper: probe.Paper) -> None:
        first = self._script.opening(claims=True)
        self._keep(*hops.let_in(self.stage, paper.line, talk := self._say(paper, [first])))
        if not talk.spoken:
            return
        self._keep(*hops.judged(self.stage, first, self._since))
        if not self._holds("stored"):
            return
        opening = [self._script.opening() for _ in range(self.wish.count)]
        self._say(paper, opening)
        lines = self._time(opening)
        told = [one for one in opening if lines.get(one.seq, {}).get("alerts")]
        closing, wrong = self._script.closing(), self._script.broken()
        self._say(paper, [closing, wrong])
        self._keep(hops.closed(self.stage, [first, *told]))
        self._keep(*shelves.quarantined(self.stage, wrong))

    def _say(self, paper: probe.Paper, messages: Sequence[Message]) -> hops.Talk:
        self.stage.tick(f"the probe sends {len(messages)} messages")
        talk = hops.speak(self.stage, paper.line, messages, pace_s=PACE_S)
        self._spoken += talk.spoken
        if talk.fault and self._holds("publish"):
            said = f"message {len(talk.spoken) + 1} of {len(messages)}: {talk.fault}"
            self._keep(broken("publish", said, "Look at the network between here and the broker"))
        return talk

    def _time(self, opening: Sequence[Message]) -> Mapping[int, Mapping[str, Any]]:
        """Where the time of the messages went, and whether all were judged; their lines."""
        asked = {one.seq for one in opening} & {one.seq for one in self._spoken}
        lines: dict[int, dict[str, Any]] = {}

        def every_one() -> bool | None:
            lines.update(hops.log_lines(self.stage, self._since))
            return asked <= lines.keys() or None

        if not self.stage.until("the function's log", every_one):
            many = len(asked & lines.keys())
            letters = f"chantier dead-letters list{self.stage.command}"
            self._keep(broken("judged", f"{many} of {len(asked)} messages in the log", letters))
        told = timing([one for one in self._spoken if one.seq in asked], lines)
        if told:
            self.timing = told
            self._keep(in_time(told, self.wish.within_ms))
        return lines

    def _door(self, folder: Path, paper: probe.Paper) -> None:
        if not self._holds("connect"):
            why = "the probe itself is not let in: a refusal would prove nothing"
            names = (name for name, one in PROMISES.items() if one.part == DOOR)
            self._keep(*(unseen(name, why) for name in names))
            return
        self.stage.tick("strangers knock")
        unarmed = probe.certify(self.stage.cloud, self.site, folder, "unarmed")
        self._keep(*refusals.strangers(self.stage, self.site, paper.line, folder, unarmed))
        self._keep(*refusals.trespasses(self.stage, paper.line))
        self._keep(refusals.withdrawn(self.stage, paper))


def in_time(told: Timing, within_ms: float) -> Check:
    """Whether alerts are stored as soon as promised."""
    times = told.in_cloud
    said = f"p95 from rule to stored alert, at most {within_ms:g}; n = {times.n}"
    if times.p95 < within_ms:
        return holds("in time", said, ms=times.p95)
    return broken(
        "in time",
        f"{times.p95:g} ms: {said}",
        f"In the function pass {told.in_function.p95:g} ms (p95), the rest on the way to it",
        "A function that is called seldom starts cold: run it again, with a larger --count",
    )
