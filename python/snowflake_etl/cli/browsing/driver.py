"""Textual on plain terminals (floor 6): sends no queries that an old console would show as letters on its screen."""

from __future__ import annotations

import os
import signal

os.environ.setdefault("TEXTUAL_DISABLE_KITTY_KEY", "1")  # read on import

from textual.drivers.linux_driver import LinuxDriver


class PlainDriver(LinuxDriver):
    """A driver that does not ask for the terminal's capabilities: we need none of them."""

    def _request_terminal_sync_mode_support(self) -> None:
        """Not asked: ``CSI ? 2026 $ p`` leaves a p on consoles that do not know it."""

    def _query_in_band_window_resize(self) -> None:
        """Not asked: a signal reports a new size."""

    def _sigtstp_application(self, *_: object) -> None:
        """Stop for the shell, with the whole job: a menu that started us waits meanwhile.
        Only after restoring the terminal: as soon as the menu stops, the terminal is the shell's, and a process that
        changes its settings then is stopped half-way.
        """
        if self._auto_restart:
            self.suspend_application_mode()
            self._must_signal_resume = True
        if _has_shell():
            signal.signal(signal.SIGTSTP, signal.SIG_IGN)
            os.killpg(os.getpgrp(), signal.SIGTSTP)
        os.kill(os.getpid(), signal.SIGSTOP)
        # Continued.
        signal.signal(signal.SIGTSTP, self._sigtstp_application)


def suspend() -> None:
    """Stop, as the driver does it.  If no shell could wake us up, do not stop."""
    if _has_shell():
        os.kill(os.getpid(), signal.SIGTSTP)


def _has_shell() -> bool:
    return os.getpgrp() != os.getsid(0)
