"""Letters in the dead-letter queue, found by receiving, and removed.

Who receives a message hides it from everybody else for a while: it is handed back as soon
as it was looked at, and deleted only by who says so. `LOOK_S` is how long it stays hidden
when whoever looked was killed; `WORK_S` the same of whoever replays or drops.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from chantier.letters import messages
from chantier.letters.letter import Letter
from chantier.letters.places import CALL, QUEUE
from chantier.letters.wanted import Tick, Wanted

LOOK_S, WORK_S = 60, 300
BATCH = 10
# A receive that waits asks every server of SQS; one that does not may find nothing.
WAIT_S = 1
# A queue that takes longer to look through than messages are hidden shows some again.
MOST_STALE = 3
WAITING, HELD = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
# What SQS says of a message that is deleted, or that somebody received later; and of one
# that was ours until its time was over, and is nobody's.
GONE, FREE = ("InvalidParameterValue", "ReceiptHandleIsInvalid"), "MessageNotInflight"


class Queue:
    """The letters of a dead-letter queue.

    Args:
        client: of SQS.
        outputs: of the site's stack.
    """

    def __init__(self, client: Any, outputs: Mapping[str, str]) -> None:
        self._client = client
        self._url = outputs["DeadLettersUrl"]
        self._before = outputs.get("IngestQueueUrl", "")
        self._functions = messages.functions_of(outputs)
        self._handles: dict[str, str] = {}

    def find(
        self, wanted: Wanted, limit: int, hold_s: int, tick: Tick
    ) -> tuple[list[Letter], int, int]:
        """Letters that are asked for, in no order; how many more wait, and others hold, about.

        They are ours for so long, or until they are removed or released.
        """
        if wanted.ids:
            limit = min(limit, len(wanted.ids_of(CALL, QUEUE)))
        waiting, held = self._counts()
        receives = self._receives()
        seen: set[str] = set()
        found: list[Letter] = []
        stale = 0
        while len(found) < limit and stale < MOST_STALE:
            received = self._receive(hold_s)
            if not received:
                return found, 0, held
            fresh = [one for one in received if one["MessageId"] not in seen]
            stale = 0 if fresh else stale + 1
            seen.update(one["MessageId"] for one in fresh)
            letters = (messages.read(one, self._functions, receives) for one in fresh)
            found += filter(wanted.takes, letters)
            tick(len(found))
        return found, max(0, waiting - len(seen)), held

    def keep(self, letter: Letter, seconds: int) -> bool:
        """Hold a letter so long from now; False if it is gone, or somebody else's."""
        try:
            self._client.change_message_visibility(
                QueueUrl=self._url,
                ReceiptHandle=self._handles[letter.source],
                VisibilityTimeout=seconds,
            )
        except ClientError as refused:
            if _code(refused) not in (*GONE, FREE):
                raise
            return _code(refused) == FREE
        return True

    def remove(self, letter: Letter) -> None:
        """Remove a letter for good, a queue keeps no versions; one that is gone is removed."""
        handle = self._handles.pop(letter.source)
        try:
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=handle)
        except ClientError as refused:
            if _code(refused) not in GONE:
                raise

    def release(self) -> None:
        """Hand back what is still ours."""
        handles, self._handles = list(self._handles.values()), {}
        for first in range(0, len(handles), BATCH):
            self._client.change_message_visibility_batch(
                QueueUrl=self._url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(handles[first : first + BATCH])
                ],
            )

    def _receive(self, hold_s: int) -> list[dict[str, Any]]:
        answer = self._client.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=BATCH,
            VisibilityTimeout=hold_s,
            WaitTimeSeconds=WAIT_S,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        received = answer.get("Messages", [])
        # Of a message that comes a second time the newest handle counts.
        self._handles |= {one["MessageId"]: one["ReceiptHandle"] for one in received}
        return list(received)

    def _counts(self) -> tuple[int, int]:
        told = self._client.get_queue_attributes(
            QueueUrl=self._url, AttributeNames=[WAITING, HELD]
        )["Attributes"]
        return int(told[WAITING]), int(told[HELD])

    def _receives(self) -> int:
        """After how many receives a fleet's queue gives a message up; 0 for a starter."""
        if not self._before:
            return 0
        told = self._client.get_queue_attributes(
            QueueUrl=self._before, AttributeNames=["RedrivePolicy"]
        )
        policy = json.loads(told.get("Attributes", {}).get("RedrivePolicy", "{}"))
        return int(policy.get("maxReceiveCount", 0))


def _code(refused: ClientError) -> str:
    """SQS's own name of what went wrong; older answers put the service's before it."""
    return refused.response["Error"]["Code"].rpartition(".")[2]
