"""What every command shares (floor 6): flags, the run's surroundings, errors to exit codes."""

from __future__ import annotations

import argparse
import errno
import json
import os
import select
import shlex
import shutil
import signal
import sys
import textwrap
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from snowflake_etl import stop_signals
from snowflake_etl.cli.logs import LOGGER, Logs
from snowflake_etl.cli.output import check_result_files, complain, put_out, write_private
from snowflake_etl.cli.parser import Parser, add_common_flags
from snowflake_etl.cli.terminal import TerminalProgress, printable, stand_in_for_closed_streams
from snowflake_etl.config import places
from snowflake_etl.config.secret import masked
from snowflake_etl.errors import EtlError, ExitCode, Stopped
from snowflake_etl.progress import Progress, ProgressFile, no_progress

if TYPE_CHECKING:
    from snowflake_etl.config.reading import Choice, LoadedConfiguration
    from snowflake_etl.warehouse.signin import Warehouse

# Commands take these from here as well.
__all__ = ["Parser", "add_common_flags", "write_private"]

_ASKING = threading.Lock()
_LOOK_FOR_STOP_SECONDS = 0.1


@dataclass
class Ending:
    """What is known when a run ends: its result as a document, and the message of the error that ended it.
    ``configurations`` are those read by a verb that takes several; ``lost`` is why its output could not be written.
    """

    document: Any = None
    error: str = ""
    lost: str = ""
    configurations: Sequence[LoadedConfiguration] = ()


@dataclass(frozen=True)
class Context:
    """The surroundings of one run: its flags, folders, configuration and where progress goes."""

    arguments: argparse.Namespace

    @cached_property
    def ending(self) -> Ending:
        """How the run ends, as far as known by now."""
        return Ending()

    @cached_property
    def logs(self) -> Logs:
        """The logging of this run; set up on first use."""
        return Logs(self.arguments, self.state_directory, self.job_directory, lambda: self.__dict__.get("progress"))

    @cached_property
    def state_directory(self) -> Path:
        return places.state_directory()

    @property
    def job_directory(self) -> Path | None:
        """The job's folder when we run as a background job (``ETL_JOB_DIR``)."""
        chosen = os.environ.get("ETL_JOB_DIR")
        return Path(chosen) if chosen else None

    @property
    def is_interactive(self) -> bool:
        """True when somebody can be asked."""
        if getattr(self.arguments, "scheduled", None):
            return False
        return sys.stdin.isatty() and sys.stderr.isatty() and self.job_directory is None

    @property
    def configuration_path(self) -> Path:
        chosen: Path | None = self.arguments.config
        return chosen or places.default_configuration()

    @property
    def choice(self) -> Choice:
        """What the flags say about the configuration besides its file."""
        from snowflake_etl.config.reading import Choice

        return Choice(self.arguments.environment, tuple(self.arguments.set))

    @property
    def width(self) -> int | None:
        """How wide text for people may be: the terminal, 80 in a job's log, None if nobody is looking."""
        if self.job_directory is not None:
            return 80
        return shutil.get_terminal_size().columns if sys.stdout.isatty() else None

    @cached_property
    def configuration(self) -> LoadedConfiguration:
        """The configuration in use; its warnings go to the log once."""
        from snowflake_etl.config.reading import read_configuration

        loaded = read_configuration(self.configuration_path, choice=self.choice)
        if logs := self.__dict__.get("logs"):
            logs.follow(loaded.configuration.logs)
        for warning in (*loaded.warnings, *loaded.configuration.notify.untold):
            LOGGER.warning(warning)
        return loaded

    @property
    def same_configuration(self) -> tuple[str, ...]:
        """The flags that chose the configuration, for commands to type next."""
        arguments = self.arguments
        words = ["--config", str(arguments.config)] if arguments.config else []
        words += ["--environment", arguments.environment] if arguments.environment else []
        return (*words, *(word for setting in arguments.set for word in ("--set", setting)))

    def command(self, verb: str, *words: str) -> str:
        """A command to type next, with the configuration of this run."""
        return shlex.join((places.program(), verb, *self.same_configuration, *words))

    @cached_property
    def warehouse(self) -> Warehouse:
        from snowflake_etl.warehouse.signin import Warehouse

        configuration = self.configuration.configuration
        ask = self.ask_secret if self.is_interactive else None
        sweeps = not getattr(self.arguments, "dry_run", False)
        return Warehouse(configuration.snowflake, configuration.load, self.state_directory, ask, sweeps)

    def ask_secret(self, question: str) -> str:
        """Ask for a secret, which does not appear on the screen."""
        import getpass

        with _ASKING:
            self.close()
            return getpass.getpass(printable(question), stream=sys.stderr)

    @cached_property
    def progress(self) -> Progress:
        """A bar on a terminal, a file in a job, otherwise nothing."""
        if self.job_directory is not None:
            return ProgressFile(self.job_directory / "progress")
        if sys.stderr.isatty() and not (self.arguments.quiet or self.arguments.json):
            return TerminalProgress()
        return no_progress

    def close(self) -> None:
        if isinstance(progress := self.__dict__.get("progress"), TerminalProgress):
            progress.close()

    def say(self, text: str) -> None:
        """Print a line of the result for people; silent with --json."""
        if not self.arguments.json:
            self.write(printable(masked(text)) + "\n")

    def write(self, text: str) -> None:
        """Write unchanged to standard output.  If that fails, nothing more is written, and the work continues."""
        self.ending.lost = put_out(text) or self.ending.lost

    def say_environment(self) -> None:
        """Name the environment in a plan, as every question does, if the configuration has any."""
        if self.environment_in_words:
            self.say(self.environment_in_words)

    @property
    def environment_in_words(self) -> str:
        """``Environment: PROD (acme)``, or nothing if there is none or the configuration was not needed."""
        loaded = self.__dict__.get("configuration")
        if loaded is None or loaded.environment is None:
            return ""
        return f"Environment: {loaded.environment.upper()} ({loaded.configuration.snowflake.target})"

    def answer(self, document: Any) -> None:
        """Keep the result as ``result.json`` in a job's folder and print it with --json."""
        self.ending.document = document
        text = masked(json.dumps(document, indent=2, ensure_ascii=True, default=str))
        if self.job_directory is not None:
            write_private(self.job_directory / "result.json", text + "\n")
        if self.arguments.json:
            self.write(text + "\n")


def confirmed(context: Context, question: str, stop: threading.Event | None = None) -> bool:
    """Ask before something is destroyed; ``--yes`` answers beforehand, and if nobody is there the answer is no.
    ``stop`` ends the wait for an answer with Stopped, since a signal only wakes the main thread.
    """
    return bool(context.arguments.yes) or asked_for_yes(context, question, stop)


def asked_for_yes(context: Context, question: str, stop: threading.Event | None = None) -> bool:
    """Ask, whatever ``--yes`` says; if nobody is there the answer is no."""
    if not context.is_interactive:
        return False
    # Several loads may ask at once: one question at a time.
    with _ASKING:
        _check_stop(stop)
        context.close()
        print(f"{printable(_in_environment(context, question))} Type yes: ", end="", file=sys.stderr, flush=True)
        return _typed_line(stop).strip().lower() == "yes"


def _typed_line(stop: threading.Event | None) -> str:
    while stop is not None and sys.stdin.isatty() and not select.select([sys.stdin], [], [], _LOOK_FOR_STOP_SECONDS)[0]:
        _check_stop(stop)
    return sys.stdin.readline()


def _check_stop(stop: threading.Event | None) -> None:
    if stop is not None and stop.is_set():
        raise Stopped("Stopped with the other loads.")


def confirmed_by_typing(context: Context, question: str, phrase: str) -> bool:
    """Show what will be destroyed and require ``phrase`` to be typed exactly; if nobody is there the answer is no."""
    if not context.is_interactive:
        return False
    with _ASKING:
        context.close()
        print(
            f"{printable(_in_environment(context, question))}\nType {printable(phrase)} to go on: ",
            end="",
            file=sys.stderr,
            flush=True,
        )
        return sys.stdin.readline().strip() == phrase


def _in_environment(context: Context, question: str) -> str:
    return f"{context.environment_in_words}\n{question}" if context.environment_in_words else question


def run(
    program: str,
    add_arguments: Callable[[argparse.ArgumentParser], None],
    command: Callable[[Context], ExitCode],
    argv: Sequence[str],
    description: str,
    examples: str = "",
    afterwards: Callable[[Context, str, ExitCode], None] = lambda *_: None,
) -> ExitCode:
    """Parse ``argv``, run ``command`` and return its exit code; every error becomes one line on stderr.

    ``afterwards`` is called with the verb and the exit code once the work is done.
    """
    stand_in_for_closed_streams()
    verb = program.rsplit(" ", 1)[-1]
    parser = Parser(prog=program, description=description, examples=examples)
    add_arguments(parser)
    context = Context(argparse.Namespace(json="--json" in argv, quiet=False, verbose="--verbose" in argv))
    _stop_on_signals()
    try:
        context = Context(parser.parse_intermixed_args(list(argv)))
        check_result_files(context.arguments)
        context.logs.begin(verb, argv)
        code = command(context)
    except (Exception, KeyboardInterrupt, Stopped) as error:
        code = _report(error, context)
    finally:
        context.close()
    afterwards(context, verb, code)
    return _told(context, code)


def _told(context: Context, code: ExitCode) -> ExitCode:
    """The exit code of a run whose output was lost is never 0: a file of that output would be incomplete."""
    if not context.ending.lost:
        return code
    complain(f"error: Standard output cannot be written ({context.ending.lost}). The work itself went on to its end.")
    return code or ExitCode.UNEXPECTED


def _report(error: BaseException, context: Context) -> ExitCode:
    """Report an error on stderr, in the log and, with --json, as the document."""
    context.close()
    code, sentence = explain(error)
    sentence = masked(sentence)
    if context.arguments.verbose:
        trace = "".join(traceback.format_exception(error))
        complain(textwrap.indent(printable(masked(trace)), "  ").rstrip("\n"))
    complain(f"error: {printable(sentence)}")
    context.ending.error = sentence
    LOGGER.debug(sentence, exc_info=error, extra={"file_only": True})
    # Only one document: if the work was done and reported before something failed, that answer stands.
    is_asked_for = context.arguments.json or context.job_directory is not None
    if is_asked_for and context.ending.document is None:
        context.answer({"status": "error", "exit_code": int(code), "message": sentence})
    return code


def explain(error: BaseException) -> tuple[ExitCode, str]:
    """Return the exit code and the message for any error."""
    if isinstance(error, EtlError | Stopped):
        return error.exit_code, str(error)
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED, "Stopped by Ctrl-C."
    if isinstance(error, ModuleNotFoundError) and not (error.name or "").startswith("snowflake_etl"):
        return (
            ExitCode.CONFIGURATION,
            f"The Python package '{error.name}' is not installed. {places.repair()}",
        )
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        where = f" while writing {error.filename}" if error.filename else ""
        return ExitCode.UNEXPECTED, f"The disk is full{where}. Free some space and run the command again."
    if isinstance(error, MemoryError):
        return ExitCode.UNEXPECTED, "There is not enough memory. Use fewer workers (--workers 1) and run it again."
    if isinstance(error, OSError) and error.filename:
        return ExitCode.UNEXPECTED, f"{error.strerror or 'Cannot use the file'}: {error.filename}."
    kind = type(error).__name__
    return (
        ExitCode.UNEXPECTED,
        f"Unexpected {kind}: {error}. This is a bug; run it again with --verbose and report what it prints.",
    )


def _stop_on_signals() -> None:
    """Let SIGTERM and SIGHUP end the work in an orderly way, as Ctrl-C does."""
    stop_signals.forget()
    on_signals(stop_signals.stop)
    sys.unraisablehook = _send_again


def on_signals(handler: Callable[[int, object], object] | signal.Handlers) -> None:
    """Have signals that ask a process to end call ``handler``, except those ignored from the start (``nohup``)."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _send_again(swallowed: sys.UnraisableHookArgs) -> None:
    """Python swallows an exception raised while it finalises an object; send the signal again."""
    stopped = swallowed.exc_value
    # While a statement runs, the driver replaces our handler for Ctrl-C with its own.
    if not isinstance(stopped, Stopped | KeyboardInterrupt):
        sys.__unraisablehook__(swallowed)
        return
    is_term = isinstance(stopped, Stopped) and stopped.exit_code == ExitCode.TERMINATED
    number = signal.SIGTERM if is_term else signal.SIGINT
    threading.Timer(0.02, os.kill, (os.getpid(), number)).start()
