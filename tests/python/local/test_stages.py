"""Stages: definitions, PUT, LIST, REMOVE, GET."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from snowflake.connector.errors import Error, ProgrammingError

from local_client import Client


def test_put_appears_whole_and_an_existing_name_is_skipped(client: Client) -> None:
    assert client.put("part-00001-ab.tsv.zst", b"one\n", "t/2013-01/fp-plan/") == "UPLOADED"
    assert client.put("part-00001-ab.tsv.zst", b"another\n" * 100, "t/2013-01/fp-plan/") == "SKIPPED"
    first = client.records(f"LIST '{client.stage}'")[0]
    assert first["name"] == "etl_stage/t/2013-01/fp-plan/part-00001-ab.tsv.zst"
    assert first["size"] < 60, "the skipped bytes have not replaced the first ones"
    assert client.put("part-00001-ab.tsv.zst", b"y\n" * 9, "t/2013-01/fp-plan/", options="OVERWRITE=TRUE") == "UPLOADED"


def test_plain_and_quoted_names_of_a_stage_are_the_same(client: Client) -> None:
    client.put("a.zst", b"1\n", "x/")
    database = client.database
    for name in (
        f"@{database}.WORK.ETL_STAGE",
        "@ETL_STAGE/",
        "@WORK.etl_stage/x",
        f'\'@"{database}".WORK."ETL_STAGE"\'',
    ):
        assert len(client.rows(f"LIST {name}")) == 1, name


def test_list_shows_size_a_stable_md5_and_a_time(client: Client) -> None:
    client.put("a.zst", b"1\n", "x/", pack=False)
    first, second = client.records("LIST @ETL_STAGE"), client.records("LIST @ETL_STAGE")
    assert list(first[0]) == ["name", "size", "md5", "last_modified"]
    assert first == second
    assert first[0]["size"] == 2
    assert len(first[0]["md5"]) == 32
    assert first[0]["last_modified"].endswith(" GMT")


def test_paths_match_by_prefix_and_patterns_match_whole_paths(client: Client) -> None:
    for path in ("x/", "x_other/", "y/x/"):
        client.put("a.zst", b"1\n", path)
    assert client.names("x") == ["etl_stage/x/a.zst", "etl_stage/x_other/a.zst"]
    assert client.names("x/") == ["etl_stage/x/a.zst"]
    assert client.names("x/a") == ["etl_stage/x/a.zst"]
    assert client.names("nothing/") == []
    assert client.names("../") == []
    pattern = client.rows(f"LIST '{client.stage}' PATTERN='.*/x/[^/]*[.]zst'")
    assert [row[0] for row in pattern] == ["etl_stage/y/x/a.zst"]
    assert client.rows(f"LIST '{client.stage}' PATTERN='a.zst'") == []


def test_remove_takes_a_prefix_and_answers_what_went(client: Client) -> None:
    for name in ("part-1.zst", "part-2.zst", "manifest.json"):
        client.put(name, b"1\n", "x/")
    gone = client.records(f"REMOVE '{client.stage}x/part-'")
    assert gone == [
        {"name": "etl_stage/x/part-1.zst", "result": "removed"},
        {"name": "etl_stage/x/part-2.zst", "result": "removed"},
    ]
    assert client.names() == ["etl_stage/x/manifest.json"]
    client.rows(f"RM '{client.stage}x/'")
    assert client.names() == []
    assert client.put("part-1.zst", b"1\n", "x/") == "UPLOADED", "the folder comes back by itself"


def test_stages_are_created_replaced_dropped_and_shown(client: Client) -> None:
    client.put("a.zst", b"1\n")
    with pytest.raises(ProgrammingError, match="already exists") as taken:
        client.rows("CREATE STAGE ETL_STAGE")
    assert taken.value.errno == 2002
    client.rows("CREATE STAGE IF NOT EXISTS ETL_STAGE FILE_FORMAT=(TYPE=CSV) COMMENT='ours'")
    assert client.names() != []
    client.rows("CREATE OR REPLACE STAGE ETL_STAGE COMMENT='ours'")
    assert client.names() == [], "a replaced stage starts empty"
    shown = client.records("SHOW STAGES LIKE 'ETL%'")
    assert [(row["name"], row["comment"], row["schema_name"]) for row in shown] == [("ETL_STAGE", "ours", "WORK")]
    client.rows("DROP STAGE ETL_STAGE")
    client.rows("DROP STAGE IF EXISTS ETL_STAGE")
    assert client.rows(f"SHOW STAGES IN SCHEMA {client.database}.WORK") == []
    for sql in ("DROP STAGE ETL_STAGE", "LIST @ETL_STAGE", "REMOVE @ETL_STAGE/x"):
        with pytest.raises(ProgrammingError, match="does not exist") as missing:
            client.rows(sql)
        assert missing.value.errno == 2003


def test_a_temporary_stage_is_its_sessions_alone(client: Client, clients: Callable[..., Client]) -> None:
    client.rows("CREATE TEMPORARY STAGE MINE")
    assert client.rows("LIST @MINE") == []
    with pytest.raises(ProgrammingError, match="does not exist"):
        clients().rows("LIST @MINE")


def test_the_users_and_a_tables_stage_are_there_by_themselves(client: Client) -> None:
    cursor = client.connection.cursor()
    name = f"u-{client.database}"
    cursor.execute(f"PUT 'file://{name}' '@~/a/' AUTO_COMPRESS=FALSE", file_stream=io.BytesIO(b"x"))
    assert client.rows(f"LIST '@~/a/{name}'")[0][0] == f"a/{name}"
    client.rows("CREATE TABLE T (A INT)")
    assert client.rows("LIST @%T") == []
    with pytest.raises(ProgrammingError, match="does not exist"):
        client.rows("LIST @%NOSUCH")


def test_get_reads_a_small_object_back(client: Client, tmp_path: Path) -> None:
    client.put("manifest.json", b'{"parts": 3}', "x/", pack=False)
    rows = client.rows(f"GET '{client.stage}x/manifest.json' 'file://{tmp_path}/'")
    assert (rows[0][0], rows[0][1], rows[0][2]) == ("manifest.json", 12, "DOWNLOADED")
    assert (tmp_path / "manifest.json").read_bytes() == b'{"parts": 3}'


def test_a_file_is_put_from_disk_and_compressed_by_the_connector(client: Client, tmp_path: Path) -> None:
    (tmp_path / "it's a file.csv").write_bytes(b"1\n2\n")
    (tmp_path / "b.csv").write_bytes(b"3\n")
    client.rows(f"PUT 'file://{tmp_path}/b.csv' @ETL_STAGE/z")
    assert client.names() == ["etl_stage/z/b.csv.gz"]
    assert client.rows(f"PUT 'file://{tmp_path}/b.csv' @ETL_STAGE/z/")[0][6] == "SKIPPED"


def test_bad_put_options_are_compilation_errors(client: Client) -> None:
    for options, errno in (("PARALLEL=100", 1008), ("SOURCE_COMPRESSION=LZ4", 1008), ("FASTER=TRUE", 1003)):
        with pytest.raises(ProgrammingError) as wrong:
            client.put("a.zst", b"1\n", options=options)
        assert wrong.value.errno == errno, options


def test_names_that_cannot_be_stored_are_refused_and_odd_ones_are_not(client: Client) -> None:
    for path in ("a/../../b/", "./", "x" * 300 + "/"):
        with pytest.raises(Error) as refused:
            client.put("a.zst", b"1\n", path)
        assert refused.value.errno == 253003, path
    client.put("a[b]*? c$(x).zst", b"1\n", "odd path/%41/")
    assert client.names() == ["etl_stage/odd path/%41/a[b]*? c$(x).zst"]


def test_many_uploads_side_by_side_and_none_slower_than_the_first(
    client: Client, clients: Callable[..., Client]
) -> None:
    others = [clients() for _ in range(3)]

    def upload(number: int) -> None:
        for part in range(60):
            others[number].put(f"p-{number}-{part}.zst", b"x" * 100, "many/")

    started = time.monotonic()
    threads = [threading.Thread(target=upload, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(client.names("many/")) == 180
    assert time.monotonic() - started < 30
