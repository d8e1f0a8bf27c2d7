"""A run on AWS judged: scripted alerts against those in the table."""

from __future__ import annotations

import pytest

from chantier.records import Alert
from chantier.score import judge
from chantier.telemetry import format_time
from simulator.incident import Expected

T = 1_791_956_700
SCRIPTED = Expected("EX-001", "COOLANT_HIGH", "critical", T, closes=True, by=T + 300, over=T + 900)
