#!/usr/bin/env bats
# The suite that cannot fail proves nothing: run_all_tests.sh over small tests of this test's own.
load helpers

setup() {
  helpers_setup
  helpers_environment
  cp -- "$ROOT/requirements-test.lock" "$ETL_VENV/.etl-test-lock"
  TESTS="$BATS_TEST_TMPDIR/some tests"
  mkdir -p "$TESTS/bash" "$TESTS/menu" "$TESTS/python"
  printf '@test "one passes" { true; }\n@test "one skips" { skip "no reason to run"; }\n' >"$TESTS/bash/good.bats"
  printf 'def test_passes(): pass\n' >"$TESTS/python/test_good.py"
}

suite() { # [options...]: standard output and error; bats inside bats must not see the outer one's variables
  env -u BATS_TMPDIR -u BATS_RUN_TMPDIR -u BATS_TEST_TMPDIR -u BATS_SUITE_TMPDIR -u BATS_FILE_TMPDIR \
    bash "$ROOT/run_all_tests.sh" --tests "$TESTS" "$@" </dev/null 3>&-
}

@test "run_all_tests: the last line counts, and passing tests are exit 0" {
  run -0 suite --only bash,pytest
  [ "${lines[-1]}" = "2 passed, 0 failed, 1 skipped" ]
  [[ $output == *"skipped 1: no reason to run"* ]]
}

@test "run_all_tests: a failing bats test fails it and is named with what it said" {
  printf '@test "this one fails" { echo "the reason why"; false; }\n' >"$TESTS/bash/bad.bats"
  run -1 suite --only bash
  [ "${lines[-1]}" = "1 passed, 1 failed, 1 skipped" ]
  [[ $output == *"FAILED bash-bad: this one fails"*"the reason why"* ]]
}

@test "run_all_tests: a failing pytest test fails it" {
  printf 'def test_fails(): assert 1 == 2\n' >"$TESTS/python/test_bad.py"
  run -1 suite --only pytest
  [ "${lines[-1]}" = "1 passed, 1 failed, 0 skipped" ]
  [[ $output == *"test_fails"* ]]
}

@test "run_all_tests: what fails and passes by itself is named as unsteady, what fails twice fails it" {
  export MARK=$BATS_TEST_TMPDIR/mark
  printf '@test "odd" { mkdir "$MARK.bats" || return 0; echo "the first time"; false; }\n' >"$TESTS/bash/odd.bats"
  printf 'import os, pytest\n@pytest.mark.parametrize("n", [1, 2])\ndef test_odd(n):\n    os.mkdir(os.environ["MARK"] + str(n))\n' \
    >"$TESTS/python/test_odd.py"
  mkdir "$MARK"2
  printf 'import os\ndef test_steadier():\n    path = os.environ["MARK"]\n    if not os.path.exists(path): os.mkdir(path); raise KeyError("once")\n' \
    >"$TESTS/python/test_steadier.py"
  run -1 suite --only bash,pytest
  [ "${lines[-1]}" = "5 passed, 1 failed, 1 skipped" ]
  [[ $output == *"UNSTEADY (failed, then passed by itself) bash-odd: odd"*"the first time"* ]]
  [[ $output == *"UNSTEADY"*"test_steadier"*"once"*"FAILED pytest: "*"test_odd[2]"* ]]
}

@test "run_all_tests: a suite that runs no test fails it" {
  rm "$TESTS/python/test_good.py"
  run -1 suite --only pytest
  [ "${lines[-1]}" = "0 passed, 1 failed, 0 skipped" ]
  run -1 suite --only menu
  [ "${lines[-1]}" = "0 passed, 1 failed, 0 skipped" ]
  [[ $output == *"There are no tests in menu."* ]]
  : >"$TESTS/menu/empty.bats"
  run -1 suite --menu
  [[ ${lines[-1]} == "0 passed, "[12]" failed, 0 skipped" ]]
}

@test "run_all_tests: a suite that breaks off in the middle fails it" {
  printf 'import os\ndef test_passes(): pass\ndef test_crashes(): os._exit(0)\n' >"$TESTS/python/test_crash.py"
  printf '@test "before" { true; }\n@test "kills bats" { kill -KILL $PPID; }\n@test "after" { true; }\n' >"$TESTS/bash/crash.bats"
  run -1 suite --only pytest
  [[ ${lines[-1]} != *" 0 failed, "* ]]
  run -1 suite --only bash
  [[ ${lines[-1]} != *" 0 failed, "* ]]
}

@test "run_all_tests: a test file with a syntax error fails it" {
  printf '@test "never closed" {\n' >"$TESTS/bash/broken.bats"
  printf 'def test_(:\n' >"$TESTS/python/test_broken.py"
  run -1 suite --only bash,pytest
  [[ ${lines[-1]} != *" 0 failed, "* ]]
  [[ $output == *"FAILED bash-broken"* && $output == *"FAILED pytest"* ]]
}

@test "run_all_tests: --fast leaves out what is marked slow and the menu tests" {
  printf '# bats test_tags=slow\n@test "slow and failing" { false; }\n' >"$TESTS/bash/slow.bats"
  run -0 suite --fast --only bash
  [ "${lines[-1]}" = "1 passed, 0 failed, 1 skipped" ]
  run -1 suite --only bash
}

@test "run_all_tests: --menu runs the menu tests and nothing else" {
  printf '@test "a screen" { true; }\n@test "another" { true; }\n' >"$TESTS/menu/screens.bats"
  printf '@test "fails" { false; }\n' >"$TESTS/bash/bad.bats"
  run -0 suite --menu
  [ "${lines[-1]}" = "2 passed, 0 failed, 0 skipped" ]
}

@test "run_all_tests: --report writes text, JUnit, one page and an archive, readable and safe" {
  printf '@test "a <b>bold</b> & failing \\e test" { printf "<script>\\\\e[31m\\\\x00\\n"; false; }\n' >"$TESTS/bash/bad.bats"
  cd "$BATS_TEST_TMPDIR"
  run -1 suite --only bash --report "the report"
  cd "the report"
  [ "$(tail -n 1 report.txt)" = "1 passed, 1 failed, 1 skipped" ]
  run -0 "$PYTHON" - <<'PYTHON'
import tarfile, xml.etree.ElementTree as tree
cases = list(tree.parse("junit.xml").getroot().iter("testcase"))
assert len(cases) == 3, cases
assert sum(case.find("failure") is not None for case in cases) == 1
page = open("report.html").read()
assert "<script>" not in page and "<b>bold" not in page and page.isascii()
assert "src=" not in page and "href=" not in page
names = tarfile.open("logs.tar.gz").getnames()
assert "logs/environment.txt" in names and "logs/steps/bash-bad/log" in names, names
PYTHON
}

@test "run_all_tests: a lint counts as one check and its words are shown when it fails" {
  run suite --only ruff
  [[ ${lines[-1]} =~ ^[01]\ passed,\ [01]\ failed,\ 0\ skipped$ ]]
}

@test "run_all_tests: a planted secret that a test leaves, says or shows fails it; where one is planted on purpose is told" {
  printf '%s\n' 'import os' 'def test_plants(tmp_path):' '    path = tmp_path / "key"' '    path.write_text(os.environ["ETL_TEST_PLANTED"])' \
    '    path.chmod(0o600)' '    with open(os.environ["ETL_TEST_PLANTED_FILES"], "a") as told: told.write(f"{path}\n")' \
    >"$TESTS/python/test_plants.py"
  run -0 suite --only pytest,bash,secrets
  [ "${lines[-1]}" = "4 passed, 0 failed, 1 skipped" ]
  [[ $output =~ '0 hits of what tests plant and of 0 logins of warehouses in '[1-9][0-9]*' files'.*' in '[1-9][0-9]*' looks at the list of all processes' ]]
  printf '%s\n' 'import os, subprocess, sys' 'def test_leaves(tmp_path):' \
    '    (tmp_path / "result.json").write_text("\nx " + os.environ["ETL_TEST_PLANTED"])' '    (tmp_path / "result.json").chmod(0o600)' \
    'def test_among_the_words_of_a_process():' \
    '    subprocess.run([sys.executable, "-c", "import time; time.sleep(5)", os.environ["ETL_TEST_PLANTED"]])' >"$TESTS/python/test_leaks.py"
  printf '%s\n' '@test "says" { echo "# $ETL_TEST_PLANTED" >&3; }' '@test "leaves" { echo "$ETL_TEST_PLANTED" >"$BATS_TEST_TMPDIR/screens"; }' \
    '@test "leaves a login" { cd "$BATS_TEST_TMPDIR"; mkdir local-warehouse; s=0123456789abcdef; echo "$s$s" | tee local-warehouse/secret >job.log; }' \
    '@test "leaves a packed one" { echo "x $ETL_TEST_PLANTED" | gzip >"$BATS_TEST_TMPDIR/old.log.gz"; }' \
    >"$TESTS/bash/leaks.bats"
  run -1 suite --only pytest,bash,secrets
  [ "${lines[-1]}" = "9 passed, 1 failed, 1 skipped" ]
  [[ $output == *"/old.log.gz, line 1"* ]]
  [[ $output == *"FAILED lint: secrets"* ]]
  [[ $output == *"the process list: "*"time.sleep(5) ***"* ]]
  [[ $output == *"test_leaves0/result.json, line 2"* ]]
  [[ $output == *"steps/bash-leaks/log, line "* ]]
  [[ $output == *"/screens, line 1"* ]]
  [[ $output == *"/job.log, line 1"* ]]
  [[ $output != *planted-[0-9a-f]* && $output != *0123456789abcdef* && $output != *local-warehouse* && $output != */key* ]]
}

@test "run_all_tests: unknown options and checks are exit 2" {
  run -2 suite --frobnicate
  run -2 suite --only frobnicate
  run -2 suite --report
  run -0 suite --help
  [[ $output == *"--report DIR"* ]]
}

@test "run_all_tests: leaves no process and no file behind" {
  export TMPDIR=$BATS_TEST_TMPDIR/temporary
  mkdir "$TMPDIR"
  run -0 suite --only bash
  [ -z "$(ls -A "$TMPDIR")" ]
}

@test "run_all_tests: it may be named without a slash" {
  cd "$ROOT"
  run -2 bash run_all_tests.sh --frobnicate </dev/null
  [[ $output == *"no option"* ]]
}

@test "run_all_tests: .ci/run hands over to it, without a terminal, from any folder" {
  cd /
  run -2 bash "$ROOT/.ci/run" --frobnicate </dev/null
}
