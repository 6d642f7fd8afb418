"""What ``diagnose`` returns: what failed, where, why, and what to do next (floor 2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Cure:
    """One way forward: what it does, and the command to type for it ("" if a person has to act)."""

    text: str
    command: str = ""


@dataclass(frozen=True)
class ShownLine:
    """A line of the file: ``text`` is printable; in the wrong line ``focus`` is where the value begins."""

    number: int
    text: str
    wrong: bool = False
    focus: int = 0


@dataclass(frozen=True)
class Place:
    """Where it failed; unknown values are "" or 0.  ``part`` is the object on the stage that holds the record."""

    file: str
    line: int
    column: str = ""
    value: str | None = None
    type: str = ""
    part: str = ""
    part_line: int = 0


@dataclass(frozen=True)
class Diagnosis:
    """One failure explained: ``cause`` is a stable code, ``unknown`` if none is known.
    ``said`` is the error in the tools' or the warehouse's own words, ``lines`` the record with its neighbours.
    """

    what: str
    cause: str
    title: str
    why: str
    said: str
    run_id: str = ""
    job_id: str = ""
    place: Place | None = None
    lines: tuple[ShownLine, ...] = ()
    cures: tuple[Cure, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DiagnoseResult:
    """``status`` is explained, unknown (at least one failure is not) or nothing (there is no failure)."""

    status: str
    diagnoses: tuple[Diagnosis, ...]
    message: str
    exit_code: int
