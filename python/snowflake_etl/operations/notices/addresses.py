"""Finds unusable addresses of notices (floor 5): nobody would miss a notice that never comes."""

from __future__ import annotations

from collections.abc import Iterator

from snowflake_etl.config.layers import said_at
from snowflake_etl.config.reading import LoadedConfiguration
from snowflake_etl.errors import EtlError
from snowflake_etl.notify import sending


def address_problems(loaded: LoadedConfiguration) -> Iterator[str]:
    """Return a sentence for each, saying where it was configured."""
    for number, target in enumerate(loaded.configuration.notify.targets):
        place = said_at(loaded.tree, ("notify", "targets", number, "url"), str(loaded.path))
        try:
            why = sending.check(target.url)
        except EtlError as error:
            yield f"{place}: {error}"
            continue
        if why:
            yield f"{place}: this is no address that can be used ({why.rstrip('.')}). See the schemes of apprise."
