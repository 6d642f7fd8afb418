"""Turns the flags of ``load`` into loads that can be run, and back into a command line (floor 6)."""

from __future__ import annotations

import argparse
import json
import shlex
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from snowflake_etl.cli.common import Context, confirmed
from snowflake_etl.config import places
from snowflake_etl.config.places import today
from snowflake_etl.errors import FileError, Refused, UsageError
from snowflake_etl.files.naming import shown
from snowflake_etl.history.batch_record import BatchRecords
from snowflake_etl.history.run_record import RunRecords
from snowflake_etl.operations.file_content import FileContents
from snowflake_etl.operations.load import load
from snowflake_etl.operations.load_parts import plan_parts
from snowflake_etl.operations.load_plan import PlannedLoad, plan_files, plan_months
from snowflake_etl.operations.load_plan_staged import plan_staged
from snowflake_etl.operations.load_state import LoadRequest, QualityMethod
from snowflake_etl.operations.refusals import explaining
from snowflake_etl.operations.situation import Mode, Wishes
from snowflake_etl.progress import Progress
from snowflake_etl.results import LoadResult

_SWITCHES = ("allow_existing", "allow_shrink", "policies_checked", "strict", "stage_only", "keep_staged")
_OF_ONE_LOAD = ("table", "base_path", "qc", *_SWITCHES)
_OF_ONE_MODE = {"expect_rows": "replace", "allow_shrink": "replace", "allow_existing": "append"}


@dataclass(frozen=True)
class Order:
    """One load and the context (flags, configuration) that it is run with.

    ``asked`` is the record of the interrupted load that it continues: it stays that load, whatever the flags now.
    """

    context: Context
    planned: PlannedLoad
    asked: str = ""

    def run(self, progress: Progress, stop: threading.Event) -> LoadResult:
        context = self.context
        configuration = context.configuration.configuration
        result = load(self.planned, configuration, context.warehouse, self._request(stop), progress)
        if result.status in ("loaded", "staged") or result.already_loaded:
            self._nothing_to_resume(result.run_id)
        return result

    def _nothing_to_resume(self, run_id: str) -> None:
        """Mark it as done: neither an interrupted run of it nor a batch that had not reached it is to be continued."""
        context = self.context
        if not context.arguments.dry_run:
            RunRecords(context.state_directory).carried_on(self.recorded, context.warehouse.place, run_id)
            BatchRecords(context.state_directory).cross_out(self.recorded)

    @property
    def recorded(self) -> str:
        """What the records keep about it: all its flags, as a JSON list."""
        return self.asked or json.dumps(self.words())

    def _request(self, stop: threading.Event) -> LoadRequest:
        arguments = self.context.arguments
        return LoadRequest(
            wishes=self._wishes(),
            quality=quality_of(arguments),
            confirm=lambda question: confirmed(self.context, f"{question}\nGo on?", stop),
            stop=stop,
            words=tuple(json.loads(self.recorded)),
            dry_run=arguments.dry_run,
            stage_only=arguments.stage_only,
            keep_staged=arguments.keep_staged,
            strict=arguments.strict,
            workers=arguments.workers,
        )

    def _wishes(self) -> Wishes:
        arguments, expected = self.context.arguments, self.context.arguments.expect_rows
        return Wishes(
            mode=Mode(arguments.mode),
            command=self.command(),
            allow_existing=arguments.allow_existing,
            allow_shrink=arguments.allow_shrink,
            keep_outside=arguments.outside == "keep",
            policies_checked=arguments.policies_checked,
            full_refresh=self.planned.entry.full_refresh,
            expect_rows=int(expected) if expected and expected != "any" else expected,
            command_of_files=self.command,
        )

    def command(self, files: Sequence[Path] = ()) -> str:
        """The command line of this one load, or of some of its files, to be typed with additions."""
        program = [places.program(), "load"]
        arguments = self.context.arguments
        quality = ["--qc", arguments.qc] if arguments.qc else []
        return shlex.join([*program, *self._what(absolute=False, files=files), *quality])

    def words(self) -> list[str]:
        """All flags of this one load, so that ``load --resume`` can repeat it from any folder."""
        arguments = self.context.arguments
        words = [*self._what(absolute=True), "--qc", quality_of(arguments), "--mode", arguments.mode]
        words += ["--outside", arguments.outside]
        words += [f"--{name.replace('_', '-')}" for name in _SWITCHES if getattr(arguments, name)]
        if arguments.workers:
            words += ["--workers", str(arguments.workers)]
        if arguments.yes:
            words.append("--yes")
        if arguments.expect_rows:
            words += ["--expect-rows", arguments.expect_rows]
        return words

    def _what(self, *, absolute: bool, files: Sequence[Path] = ()) -> list[str]:
        def written(path: Path) -> str:
            return str(path.absolute() if absolute else path)

        arguments = self.context.arguments
        words: list[str] = []
        if arguments.config or absolute:
            words += ["--config", written(self.context.configuration.path)]
        if chosen := self.context.configuration.environment if absolute else arguments.environment:
            words += ["--environment", chosen]
        for setting in arguments.set:
            words += ["--set", setting]
        if from_parts_of(arguments):
            names = {path.name for path in files}
            for packed in self.planned.packed:
                if not names or packed.manifest.file in names:
                    words += ["--from-parts", written(packed.path)]
            return [*words, "--table", self.planned.entry.table_name]
        if arguments.file or files:
            for path in files or self.planned.named or [file.path for file in self.planned.files]:
                words += ["--file", written(path)]
            return [*words, "--table", self.planned.entry.table_name]
        words += ["--month", str(self.planned.month), "--table", self.planned.entry.table_name]
        if getattr(arguments, "from_stage", False):
            words.append("--from-stage")
        if arguments.base_path:
            words += ["--base-path", written(arguments.base_path)]
        return words


def check_flags(context: Context) -> None:
    """Raise UsageError for flags that exclude each other, Refused for a replace without consent."""
    arguments = context.arguments
    if bool(arguments.month) + bool(arguments.file) + bool(from_parts_of(arguments)) + arguments.resume != 1:
        raise UsageError("Say what to load with either --month, --file or --from-parts, or carry on with --resume.")
    _check_without_file(arguments)
    _check_if_missing(arguments)
    _check_resume(arguments)
    _check_verify(arguments)
    _check_values(arguments)
    _check_consent(context)


def _check_without_file(arguments: argparse.Namespace) -> None:
    """Loads from the stage or from parts have no file to check or find."""
    if from_parts_of(arguments):
        _refuse_flags(arguments, ("from_stage", "base_path", "verify"), "--from-parts takes all from the manifest")
        if quality_of(arguments).in_file:
            raise UsageError("--from-parts has no file: leave --qc out (snowflake), or write --qc snowflake or skip.")
    if arguments.from_stage:
        _refuse_flags(arguments, ("resume", "file", "stage_only", "verify"), "--from-stage goes with --month")
        if quality_of(arguments).in_file:
            raise UsageError("--from-stage reads no file: leave --qc out (snowflake), or write --qc snowflake or skip.")


def _check_verify(arguments: argparse.Namespace) -> None:
    if not arguments.verify:
        return
    _refuse_flags(arguments, ("resume", "dry_run", "stage_only"), "--verify loads nothing")
    if arguments.mode == "replace":
        raise UsageError("--verify loads nothing: leave --mode replace out.")


def _refuse_flags(arguments: argparse.Namespace, names: Sequence[str], why: str) -> None:
    for name in names:
        if getattr(arguments, name):
            raise UsageError(f"{why}: leave --{name.replace('_', '-')} out.")


def _check_values(arguments: argparse.Namespace) -> None:
    for name, most in (("workers", 64), ("jobs", 16)):
        value = getattr(arguments, name)
        if value is not None and not 1 <= value <= most:
            raise UsageError(f"--{name} takes 1 to {most}, not {value}.")
    expected = arguments.expect_rows
    if expected is not None and expected != "any" and not (expected.isascii() and expected.isdigit()):
        raise UsageError(f"--expect-rows takes a number of rows or 'any', not '{expected}'.")


def _check_consent(context: Context) -> None:
    arguments = context.arguments
    for name, mode in _OF_ONE_MODE.items():
        # The continued loads may include a replace.
        if getattr(arguments, name) and arguments.mode != mode and not arguments.resume:
            raise UsageError(f"--{name.replace('_', '-')} goes with --mode {mode} only.")
    asks_nobody = not arguments.dry_run and not context.is_interactive
    if arguments.mode == "replace" and asks_nobody and not (arguments.yes and arguments.expect_rows):
        raise Refused(
            "A replace deletes rows, and nobody can be asked here. Add --yes and --expect-rows N (the rows that it may "
            "delete; see --dry-run) or --expect-rows any."
        )


def _check_if_missing(arguments: argparse.Namespace) -> None:
    if not arguments.if_missing:
        if arguments.settle is not None:
            raise UsageError("--settle goes with --if-missing only.")
        return
    if not arguments.month or arguments.mode == "replace":
        raise UsageError("--if-missing goes with --month and --mode append: load --month last --if-missing.")
    for name in ("from_stage", "stage_only", "verify", "allow_existing"):
        if getattr(arguments, name):
            raise UsageError(f"--if-missing loads what is not loaded yet; leave --{name.replace('_', '-')} out.")
    if arguments.settle is not None and not 0 <= arguments.settle <= 1440:
        raise UsageError(f"--settle takes 0 to 1440 minutes, not {arguments.settle}.")


def _check_resume(arguments: argparse.Namespace) -> None:
    """An interrupted load is continued as originally requested: a flag that would be ignored is a mistake."""
    if not arguments.resume:
        return
    given = [name for name in _OF_ONE_LOAD if getattr(arguments, name)]
    given += ["mode"] if arguments.mode != "append" else []
    given += ["outside"] if arguments.outside != "refuse" else []
    if given:
        raise UsageError(
            "--resume carries on with every interrupted load as it was asked for: "
            f"leave --{given[0].replace('_', '-')} out. One load alone is carried on with: recover --retry RUN."
        )


def quality_of(arguments: argparse.Namespace) -> QualityMethod:
    """Where the load is checked: in the file unless there is none."""
    without_file = arguments.from_stage or from_parts_of(arguments)
    return QualityMethod(arguments.qc or ("snowflake" if without_file else "file"))


def from_parts_of(arguments: argparse.Namespace) -> Sequence[Path]:
    """The manifests of ``--from-parts``; none for verbs without that flag."""
    return getattr(arguments, "from_parts", None) or ()


def planned_orders(context: Context) -> list[Order]:
    """The loads that the flags ask for."""
    arguments = context.arguments
    go_on = getattr(arguments, "continue_on_error", False) and not arguments.verify
    where, table = arguments.base_path, arguments.table
    if getattr(arguments, "from_stage", False):
        loads = _staged_loads(context, go_on=go_on)
    elif from_parts_of(arguments):
        loads = plan_parts(context.configuration, arguments.from_parts, table)
    elif arguments.file:
        loads = plan_files(context.configuration, arguments.file, table, go_on=go_on)
    else:
        loads = plan_months(context.configuration, arguments.month, today(), where, table, go_on=go_on)
    _refuse_replacing_twice(getattr(arguments, "mode", "append"), loads)
    _refuse_overwriting(getattr(arguments, "output", None), loads)
    return [Order(context, planned) for planned in loads]


def _staged_loads(context: Context, *, go_on: bool) -> list[PlannedLoad]:
    arguments, loaded = context.arguments, context.configuration
    with context.warehouse.open("snowflake_etl plan") as session, explaining(session, loaded.configuration):
        where, table = arguments.base_path, arguments.table
        contents = FileContents(context.state_directory, context.progress)
        return plan_staged(session, loaded, arguments.month, today(), where, table, contents, go_on=go_on)


def _refuse_replacing_twice(mode: str, loads: Sequence[PlannedLoad]) -> None:
    """Without a date column a replace takes the whole table: a second one would remove the rows of the first."""
    whole = [load.entry.table_name for load in loads if mode == "replace" and not load.entry.date_column]
    for table in whole:
        if whole.count(table) > 1:
            raise Refused(
                f"{table} has no date_column, so each month's replace would delete the months replaced before it. "
                "Replace with one month only."
            )


def _refuse_overwriting(output: Path | None, loads: Sequence[PlannedLoad]) -> None:
    """Raise UsageError if the result would overwrite a file to be loaded."""
    for file in (file for planned in loads for file in planned.files):
        if output is not None and output.exists() and file.path.exists() and output.samefile(file.path):
            raise UsageError(f"{shown(output)} is a file to be loaded: write the result somewhere else.")


def _given_now(arguments: argparse.Namespace, now: argparse.Namespace) -> None:
    """Apply consent, workers and settings given with ``--resume`` to the continued loads."""
    arguments.yes = arguments.yes or now.yes
    if arguments.mode == "replace" and now.expect_rows:
        arguments.expect_rows = now.expect_rows
    arguments.workers = now.workers or arguments.workers
    arguments.set = [*arguments.set, *now.set]


def resumed_orders(
    context: Context, commands: Sequence[str], parse: Callable[[list[str]], argparse.Namespace]
) -> list[Order]:
    """The loads of interrupted runs, from the recorded flags; each once."""
    orders = []
    for command in dict.fromkeys(commands):
        arguments = parse(json.loads(command))
        for name in ("json", "quiet", "verbose", "scheduled", "dry_run", "continue_on_error"):
            setattr(arguments, name, getattr(context.arguments, name))
        _given_now(arguments, context.arguments)
        resumed = Context(arguments)
        # Without consent then or now, ask for it, or refuse if nobody is there.
        asked = f"{places.program()} load {shlex.join(json.loads(command))}"
        others = " With --continue-on-error the other loads are carried on." if len(set(commands)) > 1 else ""
        refusal = ""
        try:
            check_flags(resumed)
        except Refused as error:
            refusal = f"{asked}: {error}"
            if not arguments.continue_on_error:
                raise Refused(f"{refusal}{others}") from None
        try:
            planned = planned_orders(resumed)
        except Refused as error:
            raise Refused(f"{asked}: {error}") from None
        except FileError as error:
            clean = resumed.command("recover", "--clean")
            raise FileError(f"{asked}: {error}{others} What is left of it goes with: {clean}") from None
        if refusal:
            planned = [replace(order, planned=replace(order.planned, refusal=refusal)) for order in planned]
        orders += [replace(order, asked=command) for order in planned]
    return orders
