"""Textual on plain terminals (floor 6): nothing is asked that an old console answers with letters on its screen."""

from __future__ import annotations

import os
import signal

os.environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")  # read when it is imported

from textual.drivers.linux_driver import LinuxDriver


class PlainDriver(LinuxDriver):
    """Without the questions whether the terminal can do this and that: we need none of it."""

    def _request_terminal_sync_mode_support(self) -> None:
        """Not asked: ``CSI ? 2026 $ p`` leaves a p on consoles that do not know it."""

    def _query_in_band_window_resize(self) -> None:
        """Not asked: a signal tells of another size."""

    def _sigtstp_application(self, *_: object) -> None:
        """Stop for the shell, with all that belongs to the same job: a menu that started us waits as long.

        Only once the terminal is as it was: as soon as the menu stops, it is the shell's, and who sets it then is
        stopped in the middle of that.
        """
        if self._auto_restart:
            self.suspend_application_mode()
            self._must_signal_resume = True
        if _has_shell():
            signal.signal(signal.SIGTSTP, signal.SIG_IGN)
            os.killpg(os.getpgrp(), signal.SIGTSTP)
        os.kill(os.getpid(), signal.SIGSTOP)
        # It goes on.
        signal.signal(signal.SIGTSTP, self._sigtstp_application)


def suspend() -> None:
    """Stop, as the driver does it.  Where no shell could wake us up, nothing is stopped."""
    if _has_shell():
        os.kill(os.getpid(), signal.SIGTSTP)


def _has_shell() -> bool:
    return os.getpgrp() != os.getsid(0)
