"""``schedule`` (floor 5): crontab lines and systemd units for a command.  Only makes the text; installs nothing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from snowflake_etl.errors import UsageError

EVERY = ("hour", "day", "weekday", "month")
_CLOCK = re.compile(r"(?:([01]?[0-9]|2[0-3]):)?([0-5]?[0-9])")


@dataclass(frozen=True)
class Times:
    """When it starts, in the host's own time; ``hour`` and ``day`` only matter if ``every`` is a longer period."""

    every: str
    hour: int
    minute: int
    day: int

    @property
    def in_words(self) -> str:
        clock = f"at {self.hour:02}:{self.minute:02}"
        return {
            "hour": f"every hour at {self.minute} past",
            "day": f"every day {clock}",
            "weekday": f"Monday to Friday {clock}",
            "month": f"on day {self.day} of every month {clock}",
        }[self.every]

    @property
    def of_cron(self) -> str:
        hour = "*" if self.every == "hour" else str(self.hour)
        day = str(self.day) if self.every == "month" else "*"
        return f"{self.minute} {hour} {day} * {'1-5' if self.every == 'weekday' else '*'}"

    @property
    def of_systemd(self) -> str:
        hour = "*" if self.every == "hour" else f"{self.hour:02}"
        day = f"{self.day:02}" if self.every == "month" else "*"
        return f"{'Mon..Fri ' if self.every == 'weekday' else ''}*-*-{day} {hour}:{self.minute:02}:00"


@dataclass(frozen=True)
class Plan:
    """A named command.
    ``words`` are its whole argument array, beginning with the program's absolute path; ``folder`` is where it starts.
    """

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]
    times: Times
    heartbeat: Path
    folder: Path | None = None


def times(every: str, at: str | None, day: int) -> Times:
    """Read ``HH:MM``, or the minute alone for every hour.  Raise UsageError."""
    match = _CLOCK.fullmatch(at or ("17" if every == "hour" else "6:17"))
    if match is None or (every == "hour") == (match[1] is not None):
        wanted = "a minute from 0 to 59" if every == "hour" else "HH:MM"
        raise UsageError(f"--at takes {wanted} with --every {every}, not '{at}'.")
    if not 1 <= day <= 28:
        raise UsageError(f"--day takes 1 to 28, the days that every month has, not {day}.")
    return Times(every, int(match[1] or 0), int(match[2]), day)


def cron_lines(plan: Plan) -> str:
    """A comment and one line for a crontab; an unescaped percent sign would end the command there."""
    settings = [f"{name}={shlex.quote(value)}" for name, value in plan.environment.items()]
    command = " ".join([*settings, shlex.join([*plan.words, "--quiet", "--scheduled", plan.name])])
    if plan.folder:
        command = f"cd {shlex.quote(str(plan.folder))} && {command}"
    return (
        f"# {plan.name}: {plan.times.in_words}; heartbeat {plan.heartbeat}\n"
        f"{plan.times.of_cron} {command.replace('%', chr(92) + '%')}\n"
    )


def systemd_service(plan: Plan, user: str | None) -> str:
    """The service unit; with ``user`` a system unit that runs as that user, else a user unit."""
    settings = [f"Environment={_quoted(f'{name}={value}')}" for name, value in plan.environment.items()]
    network = ["Wants=network-online.target", "After=network-online.target"] if user else []
    words = " ".join(_quoted(word, dollars=True) for word in [*plan.words, "--scheduled", plan.name])
    return _unit(
        [
            "[Unit]",
            f"Description=Snowflake ETL {plan.name}, {plan.times.in_words}",
            *network,
            "",
            "[Service]",
            "Type=oneshot",
            *([f"User={user}"] if user else []),
            *settings,
            *([f"WorkingDirectory={str(plan.folder).replace('%', '%%')}"] if plan.folder else []),
            f"ExecStart={words}",
            "UMask=0077",
            "# A load that is stopped cancels its query in the warehouse first.",
            "KillMode=mixed",
            "TimeoutStopSec=150",
        ]
    )


def systemd_timer(plan: Plan) -> str:
    """The timer unit; a run that was due while the host was down starts once it is up again."""
    return _unit(
        [
            "[Unit]",
            f"Description=Snowflake ETL {plan.name}, {plan.times.in_words}",
            "",
            "[Timer]",
            f"OnCalendar={plan.times.of_systemd}",
            "Persistent=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
        ]
    )


def _unit(lines: Sequence[str]) -> str:
    return "\n".join([*lines, ""])


def _quoted(word: str, *, dollars: bool = False) -> str:
    """Quote a word for systemd: percent signs are specifiers; in commands, dollar signs are variables."""
    text = word.replace("%", "%%")
    if dollars:
        text = text.replace("$", "$$")
    if re.fullmatch(r"[A-Za-z0-9@%$_+=:,./-]+", text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
