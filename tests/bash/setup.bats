#!/usr/bin/env bats
# The set-up, in a checkout of the test's own, with a stand-in for Python: it makes "environments" and obeys FAKE_PIP.
# bats file_tags=long
load helpers

setup() {
  helpers_setup
  CHECKOUT="$BATS_TEST_TMPDIR/check out"
  CALLS=$BATS_TEST_TMPDIR/calls
  mkdir -p "$CHECKOUT"
  cp -r "$ROOT/lib" "$CHECKOUT/lib"
  printf 'one==1 \\\n    --hash=sha256:aa\ntwo==2 \\\n    --hash=sha256:bb\n' >"$CHECKOUT/requirements.lock"
  printf 'one==1\ntwo==2\nthree==3\n' >"$CHECKOUT/requirements-test.lock"
  : >"$CALLS"
  # No Python of the host is in reach, only what a test puts there.
  mapfile -t pythons < <(compgen -c python | sort -u)
  helpers_path_without "${pythons[@]}"
  mkdir -p "$BATS_TEST_TMPDIR/bin"
  PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

fake_python() { # <name> [version 312] [can make environments 1]
  helpers_program "$1" <<PROGRAM
#!/bin/bash
echo "\$(basename "\$0") \$*" >>"$CALLS"
case "\$*" in
  *ensurepip*) echo "${2:-312} ${3:-1} $BATS_TEST_TMPDIR/bin/$1" ;;
  *'-m venv '*) mkdir -p "\${@: -1}/bin" && cp "\$0" "\${@: -1}/bin/python" && touch "\${@: -1}/pyvenv.cfg" ;;
  *'-m pip install'* | *'-m pip download'*) source "$BATS_TEST_TMPDIR/pip" "\$@" ;;
esac
PROGRAM
  fake_pip 'echo "Collecting one==1"; echo "Collecting two==2"; echo "Installing collected packages: one, two"'
}

fake_pip() { # <bash text>: what pip does from now on
  printf '%s\n' "$1" >"$BATS_TEST_TMPDIR/pip"
}

door() { # <function> [arguments...]: in a process of its own, from the checkout
  bash -c 'set -u; ETL_ROOT=$1
    for name in core setup; do source "$ETL_ROOT/lib/$name.sh"; [[ $name != core ]] || core_init || exit; done
    "${@:2}"; code=$?; echo "python: $ETL_PYTHON"; exit "$code"' door "$CHECKOUT" "$@" 3>&-
}

pip_calls() {
  grep -c 'pip install' "$CALLS" || true
}

@test "setup: makes the environment, installs by hash, and records the lock" {
  fake_python python3.12
  run -0 door setup_ensure
  [[ $output == *"python: $CHECKOUT/.venv/bin/python" ]]
  grep -q -- 'pip install --require-hashes .*-r .*/requirements.lock' "$CALLS"
  cmp "$CHECKOUT/requirements.lock" "$CHECKOUT/.venv/.etl-lock"
}

@test "setup: shows what it does on standard error, in lines that end, and leaves standard output alone" {
  fake_python python3.12
  run --separate-stderr -0 door setup_ensure
  [ "$output" = "python: $CHECKOUT/.venv/bin/python" ]
  [[ $stderr == *"Setting up Python: getting packages"* ]]
  [[ $stderr == *"The Python environment is ready"* ]]
  [[ $stderr != *$'\r'* && $stderr != *$'\e'* ]]
}

@test "setup: when it is complete, the next start runs no program at all" {
  fake_python python3.12
  door setup_ensure
  : >"$CALLS"
  run -0 env PATH=/nonexistent "$BASH" -c 'ETL_ROOT=$1; source "$1/lib/core.sh"; core_init; source "$1/lib/setup.sh"; setup_ensure' _ "$CHECKOUT"
  [ -z "$output" ]
  [ ! -s "$CALLS" ]
}

@test "setup: a changed lock is installed, by the same environment" {
  fake_python python3.12
  door setup_ensure
  echo 'three==3' >>"$CHECKOUT/requirements.lock"
  : >"$CALLS"
  run -0 door setup_ensure
  [ "$(pip_calls)" = 1 ]
  run ! grep -q -- '-m venv' "$CALLS"
  cmp "$CHECKOUT/requirements.lock" "$CHECKOUT/.venv/.etl-lock"
}

@test "setup: the newest Python that works is taken, and one that is there in name only is passed over" {
  fake_python python3.11 311
  fake_python python3.13 313
  helpers_program python3.14 <<<$'#!/bin/sh\necho "pyenv: python3.14: command not found" >&2; exit 127'
  run -0 door setup_ensure
  grep -q '^python3.13 .*-m venv' "$CALLS"
}

@test "setup: plain python3 will do when it is new enough" {
  fake_python python3 312
  run -0 door setup_ensure
}

@test "setup: ETL_PYTHON is the one that is asked for, and the only one" {
  fake_python python3.13 313
  fake_python mypython 311
  ETL_PYTHON=$BATS_TEST_TMPDIR/bin/mypython run -0 door setup_ensure
  grep -q '^mypython .*-m venv' "$CALLS"
  run ! grep -q '^python3.13' "$CALLS"
}

@test "setup: an ETL_PYTHON that does not run is named, and no other is taken" {
  fake_python python3.13 313
  ETL_PYTHON=/nowhere/python run -3 door setup_ensure
  [[ $output == *"ETL_PYTHON names '/nowhere/python'"* ]]
  [ ! -e "$CHECKOUT/.venv" ]
}

@test "setup: no Python at all is a sentence and exit 3" {
  run -3 door setup_ensure
  [[ ${lines[0]} == "Python 3.11 or newer is needed, and no python3 was found."*ETL_PYTHON* ]]
}

@test "setup: too old a Python is a sentence that names it" {
  fake_python python3 309
  run -3 door setup_ensure
  [[ ${lines[0]} == *"only Python 3.9 ($BATS_TEST_TMPDIR/bin/python3) was found"* ]]
}

@test "setup: a Python without ensurepip names the Debian package" {
  fake_python python3.12 312 0
  run -3 door setup_ensure
  [[ ${lines[0]} == *"python3.12-venv"* ]]
}

@test "setup: when the newest Python has no ready-made packages yet, the next one is taken" {
  fake_python python3.14 314
  fake_python python3.12 312
  fake_pip '[[ $(cat "$(dirname "$0")/python") != *"314 1"* ]] || { echo "ERROR: No matching distribution found for one==1"; exit 1; }; echo "Collecting one==1"'
  run -0 door setup_ensure
  grep -q '^python3.12 .*-m venv' "$CALLS"
  grep -q '312 1' "$CHECKOUT/.venv/bin/python"
}

@test "setup: each failure of pip is one sentence with what to do, exit 3, and no complete environment" {
  local message words
  fake_python python3.12
  while IFS='|' read -r message words; do
    fake_pip "echo 'Collecting one==1'; echo '$message'; exit 1"
    run -3 door setup_ensure
    [[ $output == *$words*"Full output: $ETL_STATE_DIR/setup.log"* ]] || { echo "$message: $output" && return 1; }
    [ ! -e "$CHECKOUT/.venv/.etl-lock" ]
    grep -qF "$message" "$ETL_STATE_DIR/setup.log"
  done <<'CASES'
Failed to establish a new connection: [Errno -3] Temporary failure in name resolution|HTTPS_PROXY
ProxyError(Cannot connect to proxy.)|The proxy refused
SSLError(SSLCertVerificationError(1, [SSL: CERTIFICATE_VERIFY_FAILED]|PIP_CERT
OSError: [Errno 28] No space left on device|is full
PermissionError: [Errno 13] Permission denied: x|writable
ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE|nothing was installed
ERROR: No matching distribution found for one==1|another Python
ERROR: the moon is in the way|the moon is in the way
CASES
}

@test "setup: the sentence about the network names the wheelhouse" {
  fake_python python3.12
  fake_pip 'echo "Network is unreachable"; exit 1'
  run -3 door setup_ensure
  [[ $output == *"setup --wheelhouse DIR"* ]]
}

@test "setup: too little disk is said before anything is written" {
  fake_python python3.12
  helpers_program df <<<$'#!/bin/sh\necho "Filesystem 1024-blocks Used Available Capacity Mounted on"; echo "/dev/x 1000000 990000 10000 99% /"'
  run -3 door setup_ensure
  [[ ${lines[0]} == *"needs 700 MB"*"10 MB are free"*ETL_VENV* ]]
  [ ! -e "$CHECKOUT/.venv" ]
}

@test "setup: killed in the middle, it is not taken for complete, and the next start begins anew" {
  fake_python python3.12
  # The environment's python kills the whole set-up in the middle of pip.
  fake_pip 'echo "Collecting one==1"; mkdir "$(dirname "$0")/../half"; kill -KILL "$PPID"; exit 1'
  run door setup_ensure
  [ "$status" -ne 0 ]
  [ -d "$CHECKOUT/.venv/half" ]
  [ ! -e "$CHECKOUT/.venv/.etl-lock" ]
  run -3 door setup_command --check
  fake_pip 'echo "Collecting one==1"'
  run -0 door setup_ensure
  [ ! -e "$CHECKOUT/.venv/half" ]
  run -0 door setup_command --check
}

@test "setup: killed while a changed lock is installed, the old state is not taken for complete either" {
  fake_python python3.12
  door setup_ensure
  cp "$CHECKOUT/requirements.lock" "$BATS_TEST_TMPDIR/old"
  echo 'three==3' >>"$CHECKOUT/requirements.lock"
  fake_pip 'kill -KILL "$PPID"; exit 1'
  run door setup_ensure
  cp "$BATS_TEST_TMPDIR/old" "$CHECKOUT/requirements.lock"
  run -3 door setup_command --check
}

@test "setup: two at once: one works, the other waits for it and finds it done" {
  fake_python python3.12
  fake_pip 'touch "'"$BATS_TEST_TMPDIR"'/began"; for ((i = 0; i < 400; ++i)); do [[ ! -e "'"$BATS_TEST_TMPDIR"'/go" ]] || break; sleep 0.05; done; echo "Collecting one==1"'
  door setup_ensure >"$BATS_TEST_TMPDIR/first" 2>&1 3>&- &
  local first=$!
  helpers_wait_for 10 test -e "$BATS_TEST_TMPDIR/began"
  door setup_ensure >"$BATS_TEST_TMPDIR/second" 2>&1 3>&- &
  local second=$!
  helpers_wait_for 10 grep -q "Another set-up" "$BATS_TEST_TMPDIR/second"
  touch "$BATS_TEST_TMPDIR/go"
  wait "$first"
  wait "$second"
  [ "$(pip_calls)" = 1 ]
  run ! grep -q "Setting up" "$BATS_TEST_TMPDIR/second"
}

@test "setup: a checkout that is not ours to write keeps its environment with the state" {
  fake_python python3.12
  helpers_source core setup
  # Root may write everywhere, so the test answers for the file system.
  # shellcheck disable=SC2034
  ETL_ROOT=/proc/nowhere ETL_VENV=/proc/nowhere/.venv
  _setup_place
  [ "$ETL_VENV" = "$ETL_STATE_DIR/venv" ]
  [ "$ETL_PYTHON" = "$ETL_STATE_DIR/venv/bin/python" ]
}

@test "setup: ETL_VENV names another place; a folder with other files is never removed" {
  fake_python python3.12
  ETL_VENV=$BATS_TEST_TMPDIR/else/venv run -0 door setup_ensure
  [ -e "$BATS_TEST_TMPDIR/else/venv/.etl-lock" ]
  [ ! -e "$CHECKOUT/.venv" ]
  mkdir "$BATS_TEST_TMPDIR/precious"
  touch "$BATS_TEST_TMPDIR/precious/file"
  ETL_VENV=$BATS_TEST_TMPDIR/precious run -3 door setup_ensure
  ETL_VENV=$BATS_TEST_TMPDIR/precious run -3 door setup_command --rebuild
  [[ $output == *"holds other files"* ]]
  [ -e "$BATS_TEST_TMPDIR/precious/file" ]
}

@test "setup: an environment whose Python is gone, as after an upgrade of the host, is made anew" {
  fake_python python3.12
  door setup_ensure
  rm "$CHECKOUT/.venv/bin/python"
  ln -s /nowhere/python3.11 "$CHECKOUT/.venv/bin/python"
  run -0 door setup_ensure
  [ "$(grep -c -- '-m venv' "$CALLS")" = 2 ]
}

@test "setup --test: adds the test tools, and the environment stays complete for all" {
  fake_python python3.12
  door setup_ensure
  run -0 door setup_command --test
  grep -q 'requirements-test.lock' "$CALLS"
  : >"$CALLS"
  run -0 door setup_command --check --test
  run -0 door setup_ensure
  [ "$(pip_calls)" = 0 ]
}

@test "setup --check: changes nothing, exit 3 when not complete, 0 when it is" {
  fake_python python3.12
  run -3 door setup_command --check
  [[ $output == *"not complete. Run: snowflake_etl.sh setup"* ]]
  [ ! -e "$CHECKOUT/.venv" ]
  door setup_ensure
  run -0 door setup_command --check
  [[ $output == *"is complete"* ]]
}

@test "setup --wheelhouse: pip looks there and nowhere else; an empty or missing folder is a sentence" {
  fake_python python3.12
  mkdir "$BATS_TEST_TMPDIR/wheel house"
  run -2 door setup_command --wheelhouse "$BATS_TEST_TMPDIR/wheel house"
  [[ $output == *"There are no packages in"*"--make-wheelhouse"* ]]
  touch "$BATS_TEST_TMPDIR/wheel house/one-1-py3-none-any.whl"
  cd "$BATS_TEST_TMPDIR"
  run -0 door setup_command --wheelhouse "wheel house"
  grep -q -- "--no-index --find-links $BATS_TEST_TMPDIR/wheel house" "$CALLS"
}

@test "setup: unknown options and options without their folder are exit 2" {
  run -2 door setup_command --frobnicate
  [[ $output == *"does not know '--frobnicate'"* ]]
  run -2 door setup_command --wheelhouse
  run -2 door setup_command --make-wheelhouse
  run -0 door setup_command --help
  [[ $output == *--wheelhouse*--check* || $output == *--check*--wheelhouse* ]]
}

@test "setup: without the list of packages the sentence says how to get it back" {
  fake_python python3.12
  rm "$CHECKOUT/requirements.lock"
  run -3 door setup_ensure
  [[ $output == *"git checkout -- requirements.lock"* ]]
}

@test "setup --make-bundle: one file with our wheel, the packages, install.sh and checksums; nothing else is left" {
  fake_python python3.12
  bundle_of_fakes
  run -0 door setup_command --make-bundle "$BATS_TEST_TMPDIR/out/b.tar"
  [[ $output == *"b.tar: snowflake-etl 0.1.0 with all packages"*"There:  tar xf b.tar && snowflake_etl-0.1.0/install.sh"* ]]
  run -0 tar tf "$BATS_TEST_TMPDIR/out/b.tar"
  [[ $output == *snowflake_etl-0.1.0/SHA256SUMS* && $output == *0.1.0/install.sh* && $output == *0.1.0/requirements.lock* ]]
  [[ $output == *0.1.0/wheels/one-1-py3-none-any.whl* && $output == *0.1.0/snowflake_etl-0.1.0-py3-none-any.whl* ]]
  [ "$(ls -A "$BATS_TEST_TMPDIR/out")" = b.tar ]
}

@test "setup --make-bundle: a place that cannot be written to, and packages that cannot be had, are a sentence and leave nothing" {
  fake_python python3.12
  bundle_of_fakes
  run -3 door setup_command --make-bundle /nowhere/b.tar
  [[ $output == *"cannot be written to /nowhere/b.tar"* ]]
  door setup_ensure
  fake_pip 'echo "Network is unreachable"; exit 1'
  run -3 door setup_command --make-bundle "$BATS_TEST_TMPDIR/out/b.tar"
  [[ $output == *"cannot be reached"* ]]
  [ -z "$(ls -A "$BATS_TEST_TMPDIR/out")" ]
}

bundle_of_fakes() { # what a bundle is made of: install.sh, the backend; pip and the backend put empty wheels where they are told
  mkdir -p "$BATS_TEST_TMPDIR/out"
  cp -r "$ROOT/install" "$ROOT/pyproject.toml" "$CHECKOUT/"
  # shellcheck disable=SC2016 # pip's shell expands it
  fake_pip 'for word in "$@"; do [[ $last != -d ]] || touch "$word/one-1-py3-none-any.whl"; last=$word; done; echo "Collecting one==1"'
  # shellcheck disable=SC2016
  sed -i 's|^case "\$\*" in|[[ "$*" != *build_backend.py* ]] \|\| touch "${@: -1}/snowflake_etl-0.1.0-py3-none-any.whl"\n&|' "$BATS_TEST_TMPDIR/bin/python3.12"
}
