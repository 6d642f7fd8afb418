"""The floors of the house: imports go downward only, and the lower floors neither print nor exit."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "python" / "snowflake_etl"
FLOORS = {
    "errors": 1,
    "month": 1,
    "plural": 1,
    "processors": 1,
    "progress": 1,
    "result_file": 1,
    "run_context": 1,
    "stop_signals": 1,
    "results": 2,
    "results_diagnosis": 2,
    "results_examination": 2,
    "results_files": 2,
    "results_history": 2,
    "results_metrics": 2,
    "results_pruning": 2,
    "results_report": 2,
    "results_tables": 2,
    "sqltext": 2,
    "config": 2,
    "files": 3,
    "warehouse": 3,
    "reports": 3,
    "history": 3,
    "notify": 3,
    "quality": 4,
    "operations": 5,
    "cli": 6,
}
SILENT_BELOW = 6
SHARED_FLOORS = 2
LONGEST_FILE_LINES = 400
MODULES = sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Names of our own modules that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("snowflake_etl."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("snowflake_etl"):
            if node.module == "snowflake_etl":
                yield from (f"snowflake_etl.{alias.name}" for alias in node.names if alias.name != "__version__")
            else:
                yield str(node.module)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    here = room(path)
    if here.startswith("__"):
        return
    for name in imports(path):
        there = name.split(".")[1]
        if there == here:
            continue
        neighbours = FLOORS[there] == FLOORS[here] <= SHARED_FLOORS
        assert neighbours or FLOORS[there] < FLOORS[here], f"{path.name} on floor {FLOORS[here]} imports {name}"


def test_modules_import_each_other_without_a_circle() -> None:
    graph = {path: set(imports(path)) for path in MODULES}
    names = {path: ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in MODULES}
    by_name = {name.removesuffix(".__init__"): path for path, name in names.items()}
    finished: set[Path] = set()

    def visit(path: Path, trail: tuple[Path, ...]) -> None:
        assert path not in trail, " -> ".join(names[step] for step in (*trail, path))
        if path in finished:
            return
        for name in graph[path]:
            if name in by_name:
                visit(by_name[name], (*trail, path))
        finished.add(path)

    for path in MODULES:
        visit(path, ())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_below_the_command_line_nobody_prints_or_exits(path: Path) -> None:
    if room(path).startswith("__") or FLOORS[room(path)] >= SILENT_BELOW or path.name == "server.py":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("print", "input", "exit", "quit"), f"line {node.lineno}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sys":
            assert node.attr not in ("argv", "exit", "stdin", "stdout"), f"line {node.lineno}"


def test_only_the_session_uses_the_driver() -> None:
    users = [
        path.relative_to(PACKAGE).as_posix()
        for path in MODULES
        if "snowflake.connector" in path.read_text(encoding="utf-8") and "local" not in path.parts
    ]
    assert users == ["warehouse/session.py"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_is_one_thing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_FILE_LINES
    assert not text or ast.get_docstring(ast.parse(text)), "every module says what it is"


def test_no_room_holds_a_quarter_of_the_house() -> None:
    """A room is a folder with the modules that lie in it."""
    sizes: dict[str, int] = {}
    for path in MODULES:
        name = str(path.parent.relative_to(PACKAGE))
        sizes[name] = sizes.get(name, 0) + len(path.read_text(encoding="utf-8").splitlines())
    total = sum(sizes.values())
    assert {name: size for name, size in sizes.items() if size * 4 > total} == {}


def test_every_script_has_its_command_and_shadows_nothing() -> None:
    scripts = sorted((ROOT / "python").glob("*.py"))
    assert scripts
    for script in scripts:
        assert (PACKAGE / "cli" / "commands" / script.name).is_file(), script.name
        assert script.stem not in sys.stdlib_module_names
        assert script.stat().st_mode & 0o111, f"{script.name} is not executable"
        assert len(script.read_text(encoding="utf-8").splitlines()) <= 12


def test_every_verb_has_its_command_and_script() -> None:
    from snowflake_etl.cli.main import VERBS

    for stem in VERBS.values():
        assert (PACKAGE / "cli" / "commands" / f"{stem}.py").is_file()
        assert (ROOT / "python" / f"{stem}.py").is_file()


def test_no_two_test_files_have_one_name() -> None:
    """pytest takes the second one for the first and runs neither."""
    names = [path.name for folder in ("python", "live") for path in (ROOT / "tests" / folder).rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
