"""``config show``: every value of a configuration and where it came from; secrets are stars (floor 6)."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from snowflake_etl.cli.common import Context
from snowflake_etl.cli.logs import LOGGER
from snowflake_etl.errors import ConfigError, ExitCode

HELP = "every value and where it came from, secrets as ***"


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: it has no flags of its own."""


def run(context: Context) -> ExitCode:
    from snowflake_etl.config.showing import shown_values, values_of_connection
    from snowflake_etl.reports.config_text import values_text

    loaded = context.configuration
    values = shown_values(loaded)
    try:
        values = [*values_of_connection(loaded), *values]
    except ConfigError as error:
        LOGGER.warning(str(error))
    section = loaded.configuration.snowflake
    context.say(f"Configuration: {loaded.path}")
    if len(loaded.files) > 1:
        context.say(f"Extends:       {', '.join(str(path) for path in loaded.files[:-1])}")
    if loaded.environments:
        context.say(f"Environment:   {loaded.environment} (of {', '.join(loaded.environments)})")
    context.say(f"Target:        {section.target}\n")
    context.say(values_text(values))
    context.answer(
        {
            "path": loaded.path,
            "files": loaded.files,
            "environment": loaded.environment,
            "environments": loaded.environments,
            "target": section.target,
            "values": [{key: value for key, value in asdict(one).items() if key != "short"} for one in values],
        }
    )
    return ExitCode.OK
