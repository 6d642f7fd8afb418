"""The verbs whose end is reported in notices (floor 6), and their names there."""

from __future__ import annotations

from collections.abc import Mapping

# A recovered load counts as a load.
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
