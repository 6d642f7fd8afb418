"""Questions about the stage: what PUT, LIST and REMOVE do with names."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from asking import Finding, question
from room import Room, packed
from snowflake_etl.errors import WarehouseError
from snowflake_etl.sqltext import literal
from snowflake_etl.warehouse import stage
from snowflake_etl.warehouse.stage import StagePath, UserStage


@question(
    101,
    "Are LIST's size and md5 those of the encrypted object?",
    assumption="Yes: they say nothing about the content, so a part's name has to carry its hash.",
    source="design 4, Stage path",
    otherwise="Nothing breaks; LIST could prove the content as well.",
    differs="it stores what it is sent, without encryption",
)
def list_describes_the_encrypted_object(room: Room) -> Finding:
    content = packed("some rows\n" * 50)
    stage.put_bytes(room.main, content, "one.tsv.zst", room.folder())
    record = room.listed(room.folder())["one.tsv.zst"]
    plain = hashlib.md5(content).hexdigest()
    same = (int(record["size"]) == len(content), str(record["md5"]).lower() == plain)
    seen = f"{len(content)} bytes sent, LIST says {record['size']}; its md5 is {'the same' if same[1] else 'another'}."
    return Finding(not any(same), seen)


@question(
    102,
    "How does LIST write an object's name?",
    assumption="The stage's name in lower case, '/', then the path exactly as it was put.",
    source="design 4, Stage path (compare base names); practice notes, Staging",
    otherwise="stage.list_objects cuts the wrong text off: change it there.",
)
def list_lowers_the_name_of_the_stage(room: Room) -> Finding:
    room.put("Part-A.tsv.zst", "x\n", room.folder("Mixed"))
    name = str(room.listed(room.folder("Mixed"))["Part-A.tsv.zst"]["name"])
    path = stage.list_objects(room.main, room.folder("Mixed"))[0].path
    expected = f"q{room.number}/Mixed/Part-A.tsv.zst"
    return Finding(name == f"etl_stage/{expected}" and path == expected, f"LIST says {name}.")


@question(
    103,
    "Does PUT with OVERWRITE=FALSE skip an object that has the name but other content?",
    assumption="Yes, with the status SKIPPED and no error; the old content stays.",
    source="practice notes, Staging; design 4, Identity",
    otherwise="A second run sends parts again or replaces them: presence by LIST must decide before each PUT.",
)
def put_skips_by_name(room: Room) -> Finding:
    first = room.put("one.tsv.zst", "the old content\n")
    before = room.listed(room.folder())["one.tsv.zst"]["md5"]
    second = room.put("one.tsv.zst", "the new content, which is longer\n")
    after = room.listed(room.folder())["one.tsv.zst"]["md5"]
    same = "unchanged" if before == after else "replaced"
    return Finding((first, second, before == after) == ("UPLOADED", "SKIPPED", True), f"{first}, {second}, {same}.")


@question(
    104,
    "Does PUT with OVERWRITE=TRUE replace an object of the same name?",
    assumption="Yes, with the status UPLOADED.",
    source="practice notes, Staging",
    otherwise="Nothing breaks: the tools never overwrite.",
)
def put_overwrites_on_request(room: Room) -> Finding:
    room.put("one.tsv.zst", "the old content\n")
    before = room.listed(room.folder())["one.tsv.zst"]["md5"]
    status = str(room.put_over("one.tsv.zst", "the new content\n", room.folder())["status"])
    replaced = room.listed(room.folder())["one.tsv.zst"]["md5"] != before
    return Finding(status == "UPLOADED" and replaced, f"{status}, {'replaced' if replaced else 'unchanged'}.")


@question(
    105,
    "Does a PUT from memory keep the invented name, and leave zstd as it is?",
    assumption="Yes: source and target have that name and the same size, nothing is compressed again.",
    source="practice notes, Staging (a stream's PUT keeps the invented base name)",
    otherwise="LIST and the manifest would never agree: change the names in files.plan.",
)
def put_keeps_the_invented_name(room: Room) -> Finding:
    record = room.put_over("part-00001-ab12.tsv.zst", "x\n" * 100, room.folder())
    names = sorted(room.listed(room.folder()))
    shown = {name: record[name] for name in ("source", "target", "source_compression", "target_compression")}
    holds = names == ["part-00001-ab12.tsv.zst"] == [record["target"]] and record["target_compression"] == "ZSTD"
    return Finding(holds, f"LIST says {', '.join(names)}; PUT says {shown}.")


@question(
    106,
    "Does LIST of a folder that ends in '/' leave its neighbour 'folder_other/' out?",
    assumption="Yes; folders below it are listed as well.",
    source="practice notes, Staging; design 4, Stage path",
    otherwise="Strangers would be taken for parts: filter in stage.list_objects.",
)
def list_ends_at_the_slash(room: Room) -> Finding:
    for folder in ("x", "x/below", "x_other"):
        room.put("one.tsv.zst", "x\n", room.folder(folder))
    paths = sorted(found.path for found in stage.list_objects(room.main, room.folder("x")))
    wanted = [f"q{room.number}/x/below/one.tsv.zst", f"q{room.number}/x/one.tsv.zst"]
    return Finding(paths == wanted, f"LIST says {', '.join(paths)}.")


@question(
    107,
    "Is LIST of a folder that does not exist empty rather than an error?",
    assumption="Yes.",
    source="design 4, Stage path (a second run asks what is there)",
    otherwise="The first run of every load fails: stage.list_objects has to catch that error.",
)
def list_of_nothing_is_empty(room: Room) -> Finding:
    found = stage.list_objects(room.main, room.folder("never"))
    return Finding(found == [], f"{len(found)} objects.")


@question(
    108,
    "Does REMOVE of a folder remove everything below it and nothing beside it?",
    assumption="Yes.",
    source="practice notes, Staging (REMOVE takes a path prefix); design 4, After a failure",
    otherwise="recover --clean leaves or takes too much: remove object by object.",
)
def remove_takes_a_folder(room: Room) -> Finding:
    for folder in ("x", "x/below", "x_other"):
        room.put("one.tsv.zst", "x\n", room.folder(folder))
    stage.remove(room.main, room.folder("x"))
    left = [found.path for found in stage.list_objects(room.main, StagePath(room.objects.stage, f"q{room.number}/"))]
    return Finding(left == [f"q{room.number}/x_other/one.tsv.zst"], f"Left: {', '.join(left) or 'nothing'}.")


@question(
    109,
    "Does REMOVE of one object also remove those whose names begin with its name?",
    assumption="It may: so no name of ours begins with another one's whole name.",
    source="practice notes, Staging (REMOVE takes a path prefix)",
    otherwise="The object named was not removed: strangers stay and stop the COPY.",
)
def remove_of_one_object(room: Room) -> Finding:
    for name in ("one.zst", "one.zst.more"):
        room.put(name, "x\n")
    stage.remove(room.main, room.folder(), "one.zst")
    left = sorted(room.listed(room.folder()))
    return Finding("one.zst" not in left, f"Left: {', '.join(left) or 'nothing, so it takes a prefix'}.")


@question(
    110,
    "Is LIST's last_modified a time that the tools read, in GMT?",
    assumption="Yes, within minutes of the real time.",
    source="design 4, After a failure (load.keep_failed counts days)",
    otherwise="Staged parts are taken for older or younger than they are: change stage._time_of.",
)
def list_tells_the_time(room: Room) -> Finding:
    room.put("one.tsv.zst", "x\n")
    text = room.listed(room.folder())["one.tsv.zst"]["last_modified"]
    age = datetime.now(UTC) - stage.list_objects(room.main, room.folder())[0].last_modified
    return Finding(abs(age) < timedelta(minutes=5), f"{text}, read as {age.total_seconds():.0f} seconds ago.")


@question(
    111,
    "Is a stage with quoted identifiers inside a string literal taken by PUT, LIST and REMOVE?",
    assumption='Yes: every reference of ours is written \'@"D"."S"."STAGE"/a/b/\'.',
    source="design 4, Stage path",
    otherwise="No statement about the stage works: change StagePath.sql.",
)
def quoted_stage_in_a_literal(room: Room) -> Finding:
    room.put("one.tsv.zst", "x\n")
    reference = literal(room.folder().sql)
    seen = []
    for statement in (f"LIST {reference}", f"LS {reference}", f"REMOVE {reference}"):
        try:
            room.main.execute(statement)
        except WarehouseError as error:
            return Finding(False, f"{statement.split()[0]}: {error}")
        seen.append(statement.split()[0])
    return Finding(True, f"PUT, {', '.join(seen)} take it.")


@question(
    112,
    "May a path on the stage hold '.', '$', '-' and '_', and mean just those?",
    assumption="Yes: tables may have such names, and they stand in the path.",
    source="design 4, Stage path (<table>/<month>/)",
    otherwise="Tables with such names cannot be staged: narrow stage._SAFE.",
)
def special_signs_in_a_path(room: Room) -> Finding:
    folder = room.folder("d.s$x-1_y")
    room.put("one.tsv.zst", "x\n", folder)
    found = stage.list_objects(room.main, folder)
    return Finding([item.folder for item in found] == [folder.folder], f"{[item.path for item in found]}")


@question(
    113,
    "How does LIST write an object's name on the user stage?",
    assumption="The path exactly as it was put, without anything before it.",
    source="load.stage: user",
    otherwise="StagePath.relative cuts the wrong text off: change it there.",
)
def list_on_the_user_stage(room: Room) -> Finding:
    folder = StagePath(UserStage(), f"etl-question/{room.objects.database}/{room.number}/")
    room.put("Part-A.tsv.zst", "x\n", folder)
    try:
        path = stage.list_objects(room.main, folder)[0].path
    finally:
        stage.remove(room.main, folder)
    left = stage.list_objects(room.main, folder)
    return Finding(path == f"{folder.folder}Part-A.tsv.zst" and not left, f"LIST says {path}.")


@question(
    114,
    "Does GET bring a small object back byte for byte, under its name?",
    assumption="Yes, although PUT was told that it is zstd, which it is not.",
    source="operations/manifest: a manifest goes up like a part and is read by --from-stage",
    otherwise="load --from-stage cannot read manifests: give Session.put the compression that is true.",
)
def a_manifest_comes_back(room: Room) -> Finding:
    content = b'{"rows": 1}'
    stage.put_bytes(room.main, content, "manifest-0.json", room.folder())
    got = room.main.get(f"{room.folder().sql}manifest-0.json")
    return Finding(got == content, f"{len(content)} bytes sent, {len(got)} brought back.")
