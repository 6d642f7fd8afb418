"""What a cause of a failure is (floor 5, pure): how it is recognised, why it happens, and how to fix it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from snowflake_etl.operations.diagnosis.facts import Facts

ANY_FINDING = "*"


class Remedy(StrEnum):
    """How a cause is fixed; ``cures`` turns it into commands."""

    WIDEN = "widen"
    ROWS = "rows"
    FORMAT = "format"
    NOT_NULL = "not_null"
    COLUMNS = "columns"
    ENCODING = "encoding"
    QUOTES = "quotes"
    CHECK = "check"
    TWINS = "twins"
    SETTINGS = "settings"
    CONNECTION = "connection"
    SAID = "said"
    RETRY = "retry"
    RESUME = "resume"
    ROOM = "room"
    MEMORY = "memory"
    WAIT = "wait"
    REPORT = "report"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Cause:
    """``says`` is searched for in the messages, ``findings`` among the errors of checks; ``states`` need neither.
    With ``exit_codes`` the process's exit code has to be one of them as well.  ``in_data`` causes have a place in a
    file.
    """

    code: str
    title: str
    why: str
    remedy: Remedy
    says: str = ""
    findings: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    exit_codes: frozenset[int] = frozenset()
    in_data: bool = False

    def explains(self, facts: Facts) -> bool:
        if self.states:
            return facts.state in self.states or ("cancelled" in self.states and facts.cancelled)
        if facts.findings and facts.rejection is None:
            return ANY_FINDING in self.findings or any(found.finding.code in self.findings for found in facts.findings)
        if self.exit_codes and facts.exit_code not in self.exit_codes:
            return False
        if self.says:
            return re.search(self.says, facts.said, re.IGNORECASE) is not None
        return bool(self.exit_codes)
