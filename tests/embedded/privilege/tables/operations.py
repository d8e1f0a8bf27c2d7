"""Who may tell of trouble: alarms and budgets of this account, through the operations topic."""

from __future__ import annotations

from tests.embedded.privilege.ways import Section

PUBLISH = ("sns:Publish",)

PROVED = Section(
    roles={},
    takers={},
    admitted={
        "OperationsTopic": {
            "cloudwatch.amazonaws.com": PUBLISH,
            "budgets.amazonaws.com": PUBLISH,
        }
    },
)
