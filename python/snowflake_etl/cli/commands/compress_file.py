"""``compress``: turn files into parts to carry to a host that can reach the warehouse (floor 6)."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from snowflake_etl.cli.common import Context, add_common_flags
from snowflake_etl.cli.results import add_output_flag, deliver
from snowflake_etl.errors import ExitCode, UsageError
from snowflake_etl.month import HOW_TO_WRITE_MONTHS

if TYPE_CHECKING:
    from snowflake_etl.operations.load_plan import PlannedLoad
    from snowflake_etl.results_files import CompressedFile

DESCRIPTION = "Compress files into numbered parts with a manifest and checksums, to be loaded on another host."
EPILOG = (
    "On the other host: load --from-parts FOLDER/manifest.json.  'sha256sum -c SHA256SUMS' in the folder proves the "
    "copy, too.  Running it again keeps the parts that are complete."
)
_UNITS = {"K": 1 << 10, "M": 1 << 20}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EPILOG
    which = parser.add_argument_group("what to compress")
    which.add_argument("--file", action="append", type=Path, metavar="FILE", help="this file (may be repeated)")
    which.add_argument("--month", metavar="MONTH", help=HOW_TO_WRITE_MONTHS[:1].lower() + HOW_TO_WRITE_MONTHS[1:])
    which.add_argument("--base-path", type=Path, metavar="DIR", help="where the files are, instead of base_path")
    which.add_argument("--table", metavar="TABLE", help="only files of this table of the configuration")
    how = parser.add_argument_group("how to compress it")
    how.add_argument("--to", type=Path, metavar="DIR", help="the folder to write (default: FILE.parts beside the file)")
    how.add_argument("--packing", choices=("zstd", "gz"), default="zstd", help="how parts are compressed")
    how.add_argument(
        "--part-size",
        metavar="SIZE",
        help="uncompressed bytes of a part, 64K to 512M (default: about 16 MB compressed)",
    )
    how.add_argument("--workers", type=int, metavar="N", help="threads that compress, 1 to 64")
    add_output_flag(parser)
    add_common_flags(parser)


def run(context: Context) -> ExitCode:
    from snowflake_etl.files.layout import Compression
    from snowflake_etl.operations.file_tools.compress import CompressWishes, compress
    from snowflake_etl.reports.file_tools_text import compressed_text

    arguments = context.arguments
    if bool(arguments.month) == bool(arguments.file):
        raise UsageError("Say what to compress with either --file or --month.")
    if arguments.workers is not None and not 1 <= arguments.workers <= 64:
        raise UsageError(f"--workers takes 1 to 64, not {arguments.workers}.")
    packing = Compression.GZIP if arguments.packing == "gz" else Compression.ZSTD
    wishes = CompressWishes(arguments.to, packing, part_bytes(arguments.part_size), arguments.workers)

    def on_file(one: CompressedFile) -> None:
        context.close()
        context.say(compressed_text(one))

    result = compress(
        _loads(context),
        context.configuration.configuration,
        wishes,
        context.progress,
        on_file,
    )
    context.close()
    if len(result.files) > 1:
        context.say(f"{result.status}: {result.message}")
    deliver(context, dataclasses.asdict(result))
    return ExitCode(result.exit_code)


def part_bytes(text: str | None) -> int | None:
    """``16M`` in bytes.  Raise UsageError for an invalid part size."""
    from snowflake_etl.operations.file_tools.compress import LARGEST_PART_BYTES, SMALLEST_PART_BYTES

    if text is None:
        return None
    digits, unit = (text[:-1], _UNITS[text[-1].upper()]) if text[-1:].upper() in _UNITS else (text, 1)
    size = int(digits) * unit if digits.isascii() and digits.isdigit() else 0
    if not SMALLEST_PART_BYTES <= size <= LARGEST_PART_BYTES:
        raise UsageError(f"--part-size takes 64K to 512M, such as 32M, not '{text}'.")
    return size


def _loads(context: Context) -> list[PlannedLoad]:
    from snowflake_etl.config.places import today
    from snowflake_etl.operations.load_plan import plan_files, plan_months

    arguments, loaded = context.arguments, context.configuration
    if arguments.file:
        return plan_files(loaded, arguments.file, arguments.table)
    return plan_months(loaded, arguments.month, today(), arguments.base_path, arguments.table, go_on=True)
