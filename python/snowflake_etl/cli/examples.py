"""What people type most, for each verb (floor 6): shown by ``--help``, on the man pages and in ``docs/commands.md``.

A test parses every line with the verb's own flags, so that none of them can become outdated.
"""

from __future__ import annotations

# Verb -> (what it does, what is typed after the verb), the most frequent first.
EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "load": (
        ("last month, every table of the configuration", "--month last"),
        ("what would happen, and the statements", "--month 2024-01 --dry-run"),
        ("one table, checked in the file and in the warehouse", "--month 2024-01 --table SALES --qc both"),
        ("a quarter, two months at once", "--month 2024-01..2024-03 --jobs 2 --continue-on-error"),
        ("carry on with what was interrupted", "--resume"),
        ("a corrected file, where nobody can be asked", "--month 2024-01 --mode replace --yes --expect-rows any"),
    ),
    "recover": (
        ("interrupted and failed loads, and what they left", ""),
        ("carry on with one", "--retry 20240131-020000-1a2b3c4d"),
        ("remove what no live run has", "--clean --yes"),
    ),
    "diagnose": (
        ("why the last load of a table failed", "--table SALES"),
        ("why a job failed", "20240131-020000-load-1234"),
    ),
    "stage": (
        ("what lies on the stage", "list"),
        ("remove parts of failed runs older than two weeks", "clean --orphans --older-than 14d --yes"),
        ("the COPYs of the last three days", "performance --days 3"),
    ),
    "ledger": (
        ("what is loaded in a month", "list --month 2024-01"),
        ("record rows that were loaded before this tool", "adopt --month 2023-12 --table SALES"),
    ),
    "check-file": (
        ("last month's files, before they are loaded", "--month last"),
        ("one file, and its bad rows", "--file in/sales_2024-01.tsv --rejects bad.tsv"),
        ("against the types of a table", "--month 2024-01 --table SALES --strict"),
    ),
    "clean-file": (
        ("a copy that can be loaded", "--file sales.tsv --to clean.tsv"),
        ("without rows of the same key", "--file sales.tsv --to clean.tsv --duplicates"),
    ),
    "compare": (
        ("what changed between two deliveries", "--file old.tsv --with new.tsv --key ID"),
        ("only whether they are the same", "--file a.tsv --with b.tsv.gz --quick"),
    ),
    "compress": (
        ("a month into parts for another host", "--month 2024-01 --table SALES --to /transfer/sales"),
        ("one file, as gzip", "--file in/sales_2024-01.tsv --packing gz"),
    ),
    "browse": (
        ("from the base path of the configuration", ""),
        ("from another folder", "--base-path /data/incoming"),
    ),
    "sample": (
        ("columns, types and first rows", "--file in/sales_2024-01.tsv"),
        ("exact numbers from every row", "--file in/sales_2024-01.tsv --all"),
    ),
    "validate": (
        ("last month in every table", "--month last"),
        ("some days of one table", "--table SALES --days 2024-01-03..2024-01-10"),
    ),
    "duplicates": (
        ("by the keys of the configuration", "--table SALES --month 2024-01"),
        (
            "by other keys, the worst 9, and the SQL that cleans up",
            "--table SALES --key DAY,ID --show 9 --delete-sql",
        ),
    ),
    "report": (
        ("every table of the configuration", ""),
        ("one month as a spreadsheet", "--month last --output report.xlsx"),
        ("all configurations of a folder, four tables at once", "--configs config --workers 4"),
    ),
    "history": (
        ("the newest runs and checks", ""),
        ("what changed since the check before", "diff --table SALES"),
        ("who dropped, restored and replaced what", "list --audit"),
    ),
    "metrics": (
        ("what this host knows", ""),
        ("for node_exporter, with the ledger asked", "--live --output /srv/prom/etl.prom"),
    ),
    "schedule": (
        ("last month every hour, until it is loaded", "cron --config config/example.json"),
        ("units of your own, written to a folder", "systemd --name sales --to units"),
        ("a report every weekday", "cron --command report --every weekday --at 7:30"),
        ("a check every hour, as a unit of the system", "systemd --system --command 'validate --month last'"),
    ),
    "drop-month": (
        ("what would go, and the first rows", "--table T --month 2024-01 --dry-run --preview 5"),
        ("where nobody can be asked", "--table T --month last --yes --expect-rows 310"),
    ),
    "restore-month": (
        ("what can be brought back", "--list"),
        ("one month", "--table SALES --month 2024-01"),
    ),
    "local": (
        ("is it running?", "status"),
        ("ask it", "sql 'SELECT COUNT(*) FROM FLIGHTS'"),
    ),
    "table-info": (
        ("one table and its last ten loads", "--table SALES --loads 10"),
        ("every table of the configuration", ""),
    ),
    "doctor": (
        ("try everything that a load needs", "--config config/example.json"),
        ("the script for a DBA", "--setup-sql"),
    ),
    "notify": (
        ("who is told of what, and what waits", ""),
        ("a message to every target, now", "test --config config/prod.json"),
        ("for cron: tables without a load for long", "silence --config config/prod.json"),
        ("for cron: send what could not be sent", "retry --config config/prod.json --quiet"),
    ),
    "prune": (
        ("what is beyond the limits", "--dry-run"),
        ("remove it", ""),
        ("keep less, this once", "--set logs.keep_days=30"),
    ),
    "config": (
        ("every value and where it came from", "show"),
        ("against files and tables", "validate --connect"),
        ("entries for new files, merged after a look", "generate --file new.tsv --into config/my.json"),
    ),
}


def examples_of(verb: str, program: str) -> str:
    """The examples of a verb as its help shows them; nothing for a verb without any."""
    lines = []
    for what, words in EXAMPLES.get(verb, ()):
        lines += [f"  # {what}", f"  {program} {verb} {words}".rstrip()]
    return "\n".join(["examples:", *lines]) if lines else ""
