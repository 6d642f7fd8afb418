"""``snowflake-etl``, the command that pip installs (floor 6): it execs the bash entry with menu, jobs and verbs."""

from __future__ import annotations

import os
import shutil
import signal
import sys

from snowflake_etl.cli.main import main as python_main
from snowflake_etl.config import places
from snowflake_etl.errors import ExitCode


def main() -> int:
    """Exec ``snowflake_etl.sh`` with the same words; without bash only the verbs written in Python run."""
    words = sys.argv[1:]
    bash = shutil.which("bash")
    if bash is None:
        if not words:
            print(
                "error: The menu needs bash, and there is none on the PATH. Install bash, or name a verb.",
                file=sys.stderr,
            )
            return ExitCode.CONFIGURATION
        return python_main(words)
    if not places.is_checkout():
        os.environ["ETL_INSTALLED_PYTHON"] = sys.executable
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        # Python ignores them, and so would the new program: a pipe into head would give an error for each line.
        signal.signal(number, signal.SIG_DFL)
    return os.execv(bash, [bash, str(places.home() / "snowflake_etl.sh"), *words])  # noqa: S606 # this process ends
