"""The verbs whose end people are told of (floor 6), and what they are called then."""

from __future__ import annotations

from collections.abc import Mapping

# A recovered load is a load that recovers.
TOLD_VERBS: Mapping[str, str] = {
    "load": "load",
    "recover": "load",
    "check-file": "check-file",
    "validate": "validate",
    "duplicates": "duplicates",
    "report": "report",
    "drop-month": "drop-month",
    "restore-month": "restore-month",
}
