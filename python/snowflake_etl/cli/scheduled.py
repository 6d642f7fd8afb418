"""``--scheduled NAME`` (floor 6): what cron and systemd start never overlaps itself and leaves a heartbeat."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence

from snowflake_etl.cli.common import Context, explain
from snowflake_etl.cli.logs import LOGGER
from snowflake_etl.config.secret import masked
from snowflake_etl.errors import ExitCode, Refused
from snowflake_etl.history.schedule_record import ScheduleRecords, check_name


def run_scheduled(context: Context, command: Callable[[Context], ExitCode], verb: str, argv: Sequence[str]) -> ExitCode:
    """Run the command under its name's lock, with a heartbeat before and after it.
    Raise Refused when a run of that name is still in progress; a load with --if-missing then has nothing to do.
    """
    name = check_name(context.arguments.scheduled)
    records = ScheduleRecords(context.state_directory)

    def beat(write: Callable[[], None]) -> None:
        try:
            write()
        except OSError as error:
            LOGGER.warning("The heartbeat of '%s' cannot be written (%s); the run goes on.", name, error.strerror)

    with records.alone(name) as ours:
        if not ours:
            return _one_goes_on(context, records, name, _told(verb, argv))
        beat(lambda: records.begin(name, _told(verb, argv)))
        try:
            code = command(context)
        except BaseException as error:
            failed = explain(error)[0]
            beat(lambda: records.end(name, failed))
            raise
        beat(lambda: records.end(name, code))
        return code


def _told(verb: str, argv: Sequence[str]) -> str:
    """The command for the heartbeat; values of ``--set`` may be anything, including secrets."""
    words = [verb]
    for word in argv:
        is_value = words[-1] == "--set" or word.startswith("--set=")
        words.append(f"{word.removeprefix('--set=').partition('=')[0]}=***" if is_value else word)
    return masked(shlex.join(words))


def _one_goes_on(context: Context, records: ScheduleRecords, name: str, told: str) -> ExitCode:
    last = records.of(name)
    if last and _are_of_two_configurations(last.command, told):
        raise Refused(
            f"'{name}' is the name of another scheduled run, which is still running: {last.command}. Nothing was "
            f"started; give each run its own name with --scheduled."
        )
    since = f", begun {last.started_at[:16].replace('T', ' ')} UTC as process {last.pid}," if last else ""
    sentence = f"A run of '{name}'{since} is still running: nothing was started."
    if not getattr(context.arguments, "if_missing", False):
        raise Refused(f"{sentence} The next run does what is left to do.")
    nothing_to_do(context, sentence)
    return ExitCode.OK


def _are_of_two_configurations(one: str, other: str) -> bool:
    """Two that share a name by mistake would permanently block each other."""
    from snowflake_etl.operations.notices.dead_jobs import configuration_words

    named = {configuration_words(shlex.split(command))[:2] for command in (one, other)}
    return len(named) > 1 and all(config for config, _ in named)


def nothing_to_do(context: Context, sentence: str) -> None:
    """Say in one line why nothing was done, or nothing at all with --quiet, so that cron sends no mail."""
    if not context.arguments.quiet:
        context.say(sentence)
    context.answer({"status": "ok", "message": sentence})
