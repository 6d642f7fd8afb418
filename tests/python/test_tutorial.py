"""The tutorial can be followed: each of its commands is typed into one shell and prints what stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from snowflake_etl.warehouse.local import lifecycle

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial.md"
MARK = "@@ the next command"


@dataclass
class Step:
    """One command and the lines that it should print."""

    command: str
    expected: list[str] = field(default_factory=list)

    def fits(self, printed: str) -> bool:
        """``...`` on a line of its own stands for any lines, elsewhere for any text within a line."""
        parts = [r"(?:.*\n)*?" if line == "..." else _line(line) for line in self.expected]
        return re.fullmatch("".join(parts), printed) is not None


def _line(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split("...")) + r"[ ]*\n"


def steps_of(text: str) -> list[Step]:
    steps: list[Step] = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append(Step(line[2:]))
            else:
                steps[-1].expected.append(line)
    return steps


@pytest.mark.slow
def test_the_tutorial_prints_what_it_says(tmp_path: Path) -> None:
    steps = steps_of(TUTORIAL.read_text(encoding="utf-8"))
    assert len(steps) > 12
    script = "".join(f"{step.command}\nprintf '%s\\n' '{MARK}'\n" for step in steps)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ETL_")}
    environment = {**kept, "ETL_STATE_DIR": str(tmp_path), "ETL_PYTHON": sys.executable, "COLUMNS": "80"}
    environment |= {"ETL_VENV": sys.prefix}
    try:
        done = subprocess.run(
            ["bash", "-s"],
            input=script,
            env=environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=500,
            check=False,
        )
    finally:
        lifecycle.stop(tmp_path)
    printed = done.stdout.split(f"{MARK}\n")
    assert len(printed) == len(steps) + 1, done.stdout
    wrong = [
        "\n".join([f"$ {step.command}", text, "--- the tutorial says:", *step.expected])
        for step, text in zip(steps, printed, strict=False)
        if not step.fits(text)
    ]
    assert wrong == [], "\n\n".join(wrong)


def test_what_is_left_out_may_be_any_text() -> None:
    step = Step("x", ["...", "a ... c", "..."])
    assert step.fits("a b c\n")
    assert step.fits("first\na b c\nlast\n")
    assert not step.fits("first\na b\n")
