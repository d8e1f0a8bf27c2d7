"""Every place where a message may end when something goes wrong.

    the machine -> rule -> detect -> alerts table -> stream -> watch -> people
                       `-> Firehose -> raw/                    schedule -> watch, aggregate

    what fails                                    where it ends                  --place
    the rule cannot read it (no JSON object)      quarantine/rule/ (error action)  rule
    an action of the rule: Lambda, SQS, Firehose  quarantine/rule/ (error action)  rule
    detect cannot read it, or not all of it       quarantine/dt=...             quarantine
    detect fails, starter: two retries, one hour  dead letters (destination)       call
    detect fails, fleet: five receives            dead letters (redrive)           queue
    watch or aggregate fails, two retries         dead letters (destination)       call
    the schedule cannot call watch or aggregate   dead letters (of the schedule)   call
    watch fails on a batch of the table's stream  dead letters (destination)       call
    Firehose can write, but not as it should      raw-errors/                      raw

What has no such place, and what is left of it:

    a machine that is refused, or not heard       it keeps the message and sends it again
    enrol, which AWS IoT calls and waits for      the machine is refused, and asks again
    the error action itself is refused            AWS IoT's log and metric alone
    the on-failure destination is refused         raw/ has it: `chantier alerts settle`
    S3 takes nothing of Firehose for 24 hours     an alarm; the alerts were judged all the same
    four days in a fleet's queue, with no reader  an alarm; raw/ has it: `chantier alerts settle`
    a fortnight in the dead letters               raw/ has it, while it is kept
    an e-mail that its server refuses             the alert stands in the table
    locally, what no bucket took                  files in the local AWS's folder `undelivered`
"""

from __future__ import annotations

from typing import NamedTuple

from chantier.records import QUARANTINE, RAW_ERRORS


class Place(NamedTuple):
    """A kind of place.

    Attributes:
        name: as `--place` takes it.
        mark: with which the ids of its letters begin.
        words: what people call it; a letter may say it more precisely.
        prefix: of its objects in the data bucket; empty for the dead-letter queue.
    """

    name: str
    mark: str
    words: str
    prefix: str


RULE = Place("rule", "r", "rule error", f"{QUARANTINE}rule/")
CALL = Place("call", "c", "failed invocation", "")
QUEUE = Place("queue", "d", "queue before detection", "")
UNREAD = Place("quarantine", "q", "quarantine", f"{QUARANTINE}dt=")
RAW_ERROR = Place("raw", "f", "raw store", RAW_ERRORS)

PLACES = (RULE, CALL, QUEUE, UNREAD, RAW_ERROR)

# A letter that was replayed in vain: how often, when, and what was said then.
REPLAYS = "replays/"
