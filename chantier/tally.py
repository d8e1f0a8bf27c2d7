"""A demo counted: what arrived is read back from the bucket, the table, the log and the queue."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chantier.alerts import read_alerts
from chantier.cloud import Cloud
from chantier.logs import read_log
from chantier.raw import Quarantined, quarantine, raw_objects
from chantier.records import Alert
from chantier.score import Latency, Verdict, judge, judged, latency, lost, message_names
from simulator.incident import Expected
from simulator.report import Sent

SETTLE_S = 30.0
# Sent on purpose, each to be found in quarantine with its own reason and this part of its text.
BROKEN: tuple[tuple[bytes, str, str], ...] = (
    (b"this is not JSON", "not a JSON object", "this is not"),
    (b'{"v":2,"readings":[]}', "v is 2, newer than 1", '"v": 2'),
    (b'{"v":1,"readings":[{"seq":1,"cool_c":88}]}', "t is missing", '"cool_c": 88'),
    (b'{"v":1,"readings":[{"cool_c":NaN}]}', "JSON", "NaN"),
)


@dataclass(frozen=True)
class DemoReport:
    """What a demo showed.

    Attributes:
        sent: every message of the fleet and of the replay.
        lost: those that the raw data does not hold.
        unjudged: those that the detect function did not handle.
        dead: messages in the dead letters.
        raw_keys: raw objects in the bucket.
        quarantined: what could not be read.
        broken: messages sent broken on purpose.
        missed: those of them that are not in quarantine with their reason.
        verdict: scripted alerts against found ones.
        alerts: every alert in the table.
        took: publish to stored alert; None if no alert was stored.
        replayed: readings replayed from a recording.
        seconds: how long it all took.
    """

    sent: tuple[Sent, ...]
    lost: tuple[Sent, ...]
    unjudged: tuple[Sent, ...]
    dead: int
    raw_keys: tuple[str, ...]
    quarantined: tuple[Quarantined, ...]
    broken: int
    missed: tuple[bytes, ...]
    verdict: Verdict
    alerts: tuple[Alert, ...]
    took: Latency | None
    replayed: int
    seconds: float

    @property
    def ok(self) -> bool:
        """Everything sent is stored and judged, everything scripted found, nothing else."""
        wrong = (
            *(self.lost, self.unjudged, self.missed, self.dead),
            *(self.verdict.missing, self.verdict.unexpected),
            len(self.quarantined) != self.broken,
        )
        return bool(self.sent) and not any(wrong)

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {
            "ok": self.ok,
            "messages": {
                "sent": len(self.sent),
                "stored": len(self.sent) - len(self.lost),
                "lost": len(self.lost),
                "unjudged": len(self.unjudged),
                "dead_letters": self.dead,
                "broken": self.broken,
                "quarantined": len(self.quarantined),
            },
            "alerts": {
                "scripted": len(self.verdict.found) + len(self.verdict.missing),
                "found": len(self.verdict.found),
                "missing": [one._asdict() for one in self.verdict.missing],
                "unexpected": [alert.as_dict() for alert in self.verdict.unexpected],
            },
            "latency_ms": self.took._asdict() if self.took else None,
            "raw_objects": len(self.raw_keys),
            "replayed_readings": self.replayed,
            "seconds": round(self.seconds, 1),
        }


def count(  # noqa: PLR0913 - everything that can be counted
    *,
    cloud: Cloud,
    outputs: Mapping[str, str],
    site: str,
    sent: tuple[Sent, ...],
    expected: tuple[Expected, ...],
    recorded: str | None,
    replayed: int,
    began: float,
) -> DemoReport:
    """Read back what arrived, once it has; wait no longer than half a minute.

    Args:
        cloud: where.
        outputs: of the stack.
        site: site name.
        sent: every message of the run.
        expected: the scripted alerts.
        recorded: the machine that a recording spoke for; its alerts are nobody's fault.
        replayed: readings of that recording.
        began: when the demo began, `time.monotonic()`.
    """
    until = time.monotonic() + SETTLE_S
    while True:
        objects = list(raw_objects(cloud, outputs["DataBucketName"]))
        log = read_log(cloud, outputs["DetectLogName"])
        kept = quarantine(cloud, outputs["DataBucketName"])
        missing, unjudged = lost(sent, message_names(objects)), lost(sent, judged(log))
        arrived = not missing and not unjudged and len(kept) >= len(BROKEN)
        if arrived or time.monotonic() > until:
            break
        time.sleep(0.5)
    alerts = tuple(read_alerts(cloud, outputs["AlertsTableName"], site=site))
    return DemoReport(
        sent=sent,
        lost=tuple(missing),
        unjudged=tuple(unjudged),
        dead=_dead_letters(cloud, outputs["DeadLettersUrl"]),
        raw_keys=tuple(one.key for one in objects),
        quarantined=tuple(kept),
        broken=len(BROKEN),
        missed=_missed(kept),
        verdict=judge(expected, [alert for alert in alerts if alert.machine != recorded]),
        alerts=alerts,
        took=latency(sent, log),
        replayed=replayed,
        seconds=time.monotonic() - began,
    )


def _missed(kept: Sequence[Quarantined]) -> tuple[bytes, ...]:
    """The broken messages that do not lie in quarantine with their reason and their text."""
    return tuple(
        payload
        for payload, reason, text in BROKEN
        if not any(reason in one.reason and text in one.message for one in kept)
    )


def _dead_letters(cloud: Cloud, url: str) -> int:
    told = cloud.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(told["Attributes"]["ApproximateNumberOfMessages"])
