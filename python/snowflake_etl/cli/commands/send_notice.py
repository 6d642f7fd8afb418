"""``notify``: test the targets, report dead jobs and silent tables, send what is waiting (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.terminal import ascii_table
from snowflake_etl.errors import ConfigError, ExitCode, UsageError
from snowflake_etl.plural import counted

if TYPE_CHECKING:
    from snowflake_etl.config.reading import LoadedConfiguration
    from snowflake_etl.notify.delivery import Delivered

DESCRIPTION = "Notices of failures, problems, recoveries and silence: try the targets, send what is waiting."
_ACTIONS = {
    "list": "the targets of the configuration, and what is waiting to be sent",
    "test": "send a message to every target, or to --target, now",
    "job": "report the end of a job that could not do so itself (ID)",
    "silence": "report tables without a load for notify.silence_days; for cron",
    "retry": "report lost jobs, and send what could not be sent; for cron",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = "actions:\n" + "\n".join(f"  {name:<8} {text}" for name, text in _ACTIONS.items())
    parser.add_argument("action", nargs="?", default="list", choices=_ACTIONS, help="see below (default: list)")
    parser.add_argument("job", nargs="?", metavar="ID", help="with job: its id")
    # The job's supervisor also says how it ended, but the job's folder is authoritative.
    parser.add_argument("rest", nargs="*", help=argparse.SUPPRESS)
    parser.add_argument("--target", metavar="NAME", help="with test: only this target")
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    arguments = context.arguments
    if (arguments.action == "job") != bool(arguments.job):
        raise UsageError("'notify job' takes the id of a job, the other actions take none.")
    if arguments.target and arguments.action != "test":
        raise UsageError("--target goes with 'notify test'.")
    if arguments.action == "job":
        return _job(context, arguments.job)
    return {"list": _list, "test": _test, "silence": _silence, "retry": _retry}[arguments.action](context)


def _list(context: Context) -> ExitCode:
    from snowflake_etl.cli.notices import identity
    from snowflake_etl.notify.store import NoticeStore
    from snowflake_etl.operations.notices.addresses import address_problems

    loaded = context.configuration
    rows = [
        (name, ", ".join(target.on) or "nothing", ", ".join(target.tables) or "all", target.quiet_hours or "")
        for name, target in loaded.configuration.notify.named
    ]
    waiting = [one for one in NoticeStore(context.state_directory).waiting() if one.config == identity(loaded)]
    if rows:
        context.say(ascii_table(("target", "told on", "tables", "quiet hours"), rows))
    for one in waiting:
        context.say(f"waits since {one.at:%Y-%m-%d %H:%M} UTC for {one.target}: {one.message.subject}")
    problems = list(address_problems(loaded))
    for problem in problems:
        context.say(f"error: {problem}")
    message = _words_of_list(loaded, len(waiting))
    context.say(message)
    targets = [dict(zip(("name", "on", "tables", "quiet_hours"), row, strict=True)) for row in rows]
    answer = {"targets": targets, "waiting": len(waiting), "problems": problems, "message": message}
    context.answer({"status": "problems" if problems else "ok", **answer})
    return ExitCode.CONFIGURATION if problems else ExitCode.OK


def _words_of_list(loaded: LoadedConfiguration, waiting: int) -> str:
    if not loaded.configuration.notify.targets:
        return f"{loaded.path} has no notify.targets: add some, see docs/configuration.md."
    held = f"{counted(waiting, 'notice')} not sent yet; notify retry sends them." if waiting else "No notice waits."
    return f"{held} notify test sends a message to every target."


def _test(context: Context) -> ExitCode:
    from snowflake_etl.cli.notices import surroundings
    from snowflake_etl.notify.delivery import attempt
    from snowflake_etl.notify.message import Message, trial_message

    loaded, wanted = context.configuration, context.arguments.target
    named = [(name, target) for name, target in _targets(loaded) if wanted in (None, name)]
    if not named:
        there = ", ".join(name for name, _ in loaded.configuration.notify.named)
        raise UsageError(f"There is no target '{wanted}'. There are: {there}.")
    message: Message = trial_message(surroundings(context, loaded, ()))
    results = []
    for name, target in named:
        why = attempt(target, message)
        results.append({"target": name, "sent": not why, "reason": why})
        context.say(f"{name}: sent" if not why else f"{name}: NOT sent: {why}")
    failed = sum(not one["sent"] for one in results)
    said = "Look whether it has arrived." if not failed else "Correct the url of the target and test again."
    context.say(f"{len(results) - failed} of {counted(len(results), 'target')} accepted the message. {said}")
    context.answer({"status": "problems" if failed else "ok", "targets": results})
    return ExitCode.PROBLEMS_FOUND if failed else ExitCode.OK


def _job(context: Context, job_id: str) -> ExitCode:
    """Report a job with its own configuration, unless it did so itself."""
    from pathlib import Path

    from snowflake_etl.cli.notices import tell
    from snowflake_etl.config import places
    from snowflake_etl.config.reading import Choice, read_configuration
    from snowflake_etl.history.job_record import find_job
    from snowflake_etl.operations.notices import dead_jobs

    job = find_job(context.state_directory, job_id)
    if job is None:
        raise UsageError(f"There is no job {job_id} here. See the ids with: jobs list --all")
    if job.state in ("running", "queued", "unknown"):
        raise UsageError(f"Job {job_id} is {job.state}: it has no end to report yet.")
    if dead_jobs.is_told(job):
        return _said(context, None, f"The end of job {job_id} was reported when it ended.")
    if job.cancelled:
        return _said(context, None, f"Job {job_id} was cancelled: whoever did that knows it.")
    config, environment, settings = dead_jobs.configuration_words(job.words)
    path = Path(job.directory, config) if config else context.configuration_path
    try:
        loaded = read_configuration(path, choice=Choice(environment or context.arguments.environment, settings))
    except ConfigError as error:
        return _said(context, None, f"The configuration of job {job_id} cannot be read: {error}")
    if not loaded.configuration.notify.targets:
        return _said(context, None, f"{loaded.path} has no notify.targets.")
    event = dead_jobs.event_of(job, places.program())
    tail = dead_jobs.log_tail(job, loaded.configuration.notify.log_lines)
    delivered = tell(context, loaded, [event], tail, job_id)
    dead_jobs.mark_told(job.folder)
    return _said(context, delivered)


def _silence(context: Context) -> ExitCode:
    from snowflake_etl.cli.notices import now, tell, tell_of_lost_jobs
    from snowflake_etl.config import places
    from snowflake_etl.operations.notices.silence import silent_tables

    loaded = context.configuration
    _targets(loaded)
    events = silent_tables(context.warehouse, loaded.configuration, places.program(), context.same_configuration, now())
    tell_of_lost_jobs(context, loaded)
    delivered = tell(context, loaded, events, ())
    for event in events:
        context.say(f"{event.table}: {event.error}")
    days = loaded.configuration.notify.silence_days
    return _said(context, delivered, "" if events else f"No table is silent: each has a load within {days} days.")


def _retry(context: Context) -> ExitCode:
    from snowflake_etl.cli.notices import delivery, tell_of_lost_jobs

    loaded = context.configuration
    _targets(loaded)
    tell_of_lost_jobs(context, loaded)
    return _said(context, delivery(context, loaded).send_waiting())


def _targets(loaded: LoadedConfiguration) -> Any:
    named = loaded.configuration.notify.named
    if not named:
        raise ConfigError(f"{loaded.path} has no notify.targets: add some, see docs/configuration.md.")
    return named


def _said(context: Context, delivered: Delivered | None, message: str = "") -> ExitCode:
    if delivered is not None:
        words = [f"{counted(delivered.sent, 'notice')} sent"]
        words += [f"{delivered.throttled} throttled"] if delivered.throttled else []
        words += (
            [f"{delivered.waiting} waiting for the next run or the end of quiet hours"] if delivered.waiting else []
        )
        message = " ".join(filter(None, (message, f"{', '.join(words)}.")))
    if not context.arguments.quiet:
        context.say(message)
    facts = dataclasses.asdict(delivered) if delivered is not None else {"sent": 0}
    context.answer({"status": "ok", **facts, "message": message})
    return ExitCode.OK
