"""``schedule``: crontab lines and systemd units for a command, printed or written, never installed (floor 6)."""

from __future__ import annotations

import argparse
import getpass
import importlib
import os
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.parser import Parser, did_you_mean
from snowflake_etl.config import places
from snowflake_etl.config.sources import ENVIRONMENT_VARIABLE
from snowflake_etl.errors import EtlError, ExitCode, Refused, UsageError

if TYPE_CHECKING:
    from snowflake_etl.operations.schedule import Plan

DESCRIPTION = "Print crontab lines or systemd units that start a command regularly. Installs nothing."

_COMMAND = "load --month last --if-missing"
_VARIABLES_OF_SHELLS = (
    *("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE"),
    *("SNOWFLAKE_HOME", "ETL_SECRETS_KEY_FILE", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"),
)
_KNOWN_EVERYWHERE = ("HOME", "USER", "LOGNAME", "SHELL", "PATH")
_EVERY = ("hour", "day", "weekday", "month")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=("cron", "systemd"), help="what starts it")
    parser.add_argument("--command", metavar="WORDS", default=_COMMAND, help=f"what to run (default: {_COMMAND})")
    parser.add_argument(
        "--name", metavar="NAME", help="of its heartbeat, lock and units (default: VERB-CONFIGURATION-EVERY)"
    )
    parser.add_argument("--every", choices=_EVERY, default="hour", help="how often (default: hour)")
    parser.add_argument(
        "--at", metavar="HH:MM", help="at what time (default: 6:17); with --every hour the minute (default: 17)"
    )
    parser.add_argument("--day", type=int, default=1, metavar="N", help="of the month, 1 to 28 (default: 1)")
    parser.add_argument("--system", action="store_true", help="with systemd: system units that run as you")
    parser.add_argument("--to", type=Path, metavar="DIR", help="write the files there instead of printing them")
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.operations import schedule

    arguments = context.arguments
    if arguments.system and arguments.action != "systemd":
        raise UsageError("--system goes with systemd only.")
    if arguments.day != 1 and arguments.every != "month":
        raise UsageError("--day goes with --every month only.")
    plan = _plan(context)
    if arguments.action == "cron":
        files = {f"{plan.name}.cron": schedule.cron_lines(plan)}
    else:
        user = getpass.getuser() if arguments.system else None
        service, timer = schedule.systemd_service(plan, user), schedule.systemd_timer(plan)
        files = {f"{plan.name}.service": service, f"{plan.name}.timer": timer}
    if arguments.to:
        _write(arguments.to, files)
    for name, text in files.items():
        context.say(f"Written: {arguments.to / name}" if arguments.to else _shown(name, text, len(files)))
    for line in (*_next_steps(context, plan), *_unknown_there(context), *_silence(context)):
        context.say(line)
    context.answer({"status": "ok", "name": plan.name, "files": files, "heartbeat": str(plan.heartbeat)})
    return ExitCode.OK


def _plan(context: Context) -> Plan:
    from snowflake_etl.history.schedule_record import check_name
    from snowflake_etl.operations import schedule

    arguments = context.arguments
    words, folder = _command(context)
    name = check_name(arguments.name or _name(words, arguments.every))
    state = os.environ.get("ETL_STATE_DIR")
    return schedule.Plan(
        name,
        [_program(), *words],
        {"ETL_STATE_DIR": str(Path(state).absolute())} if state else {},
        schedule.times(arguments.every, arguments.at, arguments.day),
        context.state_directory / "schedules" / f"{name}.json",
        folder,
    )


def _name(words: list[str], every: str) -> str:
    """The name includes configuration and environment: two of them with the same name would block each other."""
    from snowflake_etl.operations.notices.dead_jobs import configuration_words

    config, environment, _ = configuration_words(words)
    parts = (words[0], Path(config).stem[:30], environment[:10], every)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", "-".join(filter(None, parts)))


def _command(context: Context) -> tuple[list[str], Path | None]:
    """The words of the command, validated by its own parser, and the folder to start it in, if any."""
    from snowflake_etl.cli.main import VERBS

    arguments = context.arguments
    try:
        verb, *words = shlex.split(arguments.command) or [""]
    except ValueError as error:
        raise UsageError(f"--command cannot be read: {error}. Quote it as one word: --command '{_COMMAND}'.") from error
    if verb not in VERBS:
        raise UsageError(f"--command begins with a verb, not '{verb}'.{did_you_mean(verb, VERBS)}")
    parser = Parser(prog=f"{places.program()} {verb}")
    importlib.import_module(f"snowflake_etl.cli.commands.{VERBS[verb]}").add_arguments(parser)
    asked = parser.parse_intermixed_args(words)
    if asked.scheduled:
        raise UsageError("--scheduled is added to the command. Say the name with --name.")
    # For a report, which takes several, none means an empty list.
    if not getattr(asked, "config", None) and "--config" in parser.format_help():
        words += ["--config", str(context.configuration_path.absolute())]
    # Also if only a variable of this shell names it: cron would use the default one, or none.
    if (chosen := arguments.environment or os.environ.get(ENVIRONMENT_VARIABLE)) and asked.environment is None:
        words += ["--environment", chosen]
    for setting in arguments.set:
        words += ["--set", setting]
    return [verb, *words], Path.cwd() if _needs_folder(asked) else None


def _needs_folder(asked: argparse.Namespace) -> bool:
    """cron starts in the home folder, systemd in /, but relative paths are relative to here."""
    values = [one for value in vars(asked).values() for one in (value if isinstance(value, list) else [value])]
    return any(isinstance(value, Path) and not value.is_absolute() for value in values)


def _program() -> str:
    if places.is_checkout():
        return str(places.CHECKOUT / "snowflake_etl.sh")
    beside = Path(sys.executable).with_name("snowflake-etl")
    found = shutil.which("snowflake-etl")
    if not beside.exists():
        return found or "snowflake-etl"
    # Each version of a bundle has its own folder: a schedule installed today must start later versions, too.
    in_use = beside.parent.parent.parent.parent / "current" / "bin" / beside.name
    names = [Path(found).absolute(), in_use] if found else [in_use]
    return str(next((name for name in names if name.resolve() == beside.resolve()), beside))


def _shown(name: str, text: str, files: int) -> str:
    return text.rstrip("\n") if files == 1 else f"# --- {name} ---\n{text}"


def _write(folder: Path, files: dict[str, str]) -> None:
    """Write all files or, if one exists with different content, none."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder. Make it, or correct --to.")
    for name, text in files.items():
        path = folder / name
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise Refused(f"{path} is there and says something else. Remove it, or choose another --name.")
    for name, text in files.items():
        temporary = folder / f".{name}.{os.getpid()}"
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(folder / name)


def _unknown_there(context: Context) -> list[str]:
    """Variables of this shell that the command uses, but cron and systemd do not have."""
    names = [name for name in _used_variables(context) if os.environ.get(name)]
    if not names:
        return []
    where = "NAME=VALUE above the line" if context.arguments.action == "cron" else "Environment= lines in the service"
    return [f"# Set here and not there; write {where}:", *(f"#   {name}" for name in dict.fromkeys(names))]


def _used_variables(context: Context) -> list[str]:
    from snowflake_etl.config.expansion import variables_in
    from snowflake_etl.config.fields import keys
    from snowflake_etl.config.overrides import variable_of

    names = [variable_of(key.place) for key in keys()]
    try:
        for path in context.configuration.files:
            names += variables_in(path.read_text(encoding="utf-8-sig"))
    except (EtlError, OSError):
        pass  # The command itself will say what is wrong with it.
    return [*_VARIABLES_OF_SHELLS, *(name for name in names if name not in _KNOWN_EVERYWHERE)]


def _silence(context: Context) -> list[str]:
    """The end of a run cannot report a load that never starts: noticing that needs a separate line."""
    arguments = context.arguments
    try:
        loaded = context.configuration
    except EtlError:
        return []  # The command itself will say what is wrong with it.
    if "notify" in arguments.command or not any("silence" in one.on for one in loaded.configuration.notify.targets):
        return []
    words = [places.program(), "schedule", arguments.action, "--command", "notify silence", "--every", "day"]
    words += ["--config", str(loaded.path), *(["--environment", loaded.environment] if loaded.environment else [])]
    return ["# To be told of tables that nothing is loaded into for long:", f"#   {shlex.join(words)}"]


def _next_steps(context: Context, plan: Plan) -> list[str]:
    """What to type to install it, as comments, so that the whole output can be pasted."""
    arguments = context.arguments
    where = arguments.to or Path()
    if arguments.action == "cron":
        file = where / f"{plan.name}.cron"
        line = f"(crontab -l; cat {shlex.quote(str(file))}) | crontab -" if arguments.to else "crontab -e"
        steps = [line, "cron mails what is printed: what was loaded, and what went wrong"]
    else:
        home = "/etc/systemd/system" if arguments.system else "~/.config/systemd/user"
        program = "sudo systemctl" if arguments.system else "systemctl --user"
        units = " ".join(shlex.quote(str(where / f"{plan.name}.{kind}")) for kind in ("service", "timer"))
        steps = [
            f"cp {units} {home}/",
            f"{program} daemon-reload && {program} enable --now {plan.name}.timer",
            *([] if arguments.system else ["loginctl enable-linger    (so that it runs while you are logged out)"]),
            f"journalctl {'' if arguments.system else '--user '}-u {plan.name}.service",
        ]
    return ["# To install it:", *(f"#   {step}" for step in steps)]
