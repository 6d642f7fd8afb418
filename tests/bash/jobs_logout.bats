#!/usr/bin/env bats
# Hosts on which logging out kills a user's processes; systemd's programs are stand-ins here.
load helpers

setup() {
  helpers_setup
  helpers_source core colors settings jobs
  export ETL_SYSTEMD_ROOT=$BATS_TEST_TMPDIR/root ETL_LINGER_DIR=$BATS_TEST_TMPDIR/linger
  mkdir -p "$ETL_LINGER_DIR"
}

teardown() {
  helpers_finish_jobs
}

logind() { # <KillUserProcesses> [KillExcludeUsers]: what loginctl answers
  helpers_program loginctl <<PROGRAM
#!/bin/sh
printf 'KillUserProcesses=%s\nKillOnlyUsers=\nKillExcludeUsers=%s\n' "$1" "${2:-nobody}"
PROGRAM
}

scope() { # <works or fails>: a systemd-run that runs the command, or does not
  helpers_program systemd-run <<PROGRAM
#!/bin/bash
[[ $1 == works ]] || exit 1
echo "\$*" >>"$BATS_TEST_TMPDIR/scopes"
while [[ \$1 == --* ]]; do shift; done
exec "\$@"
PROGRAM
}

@test "jobs: where logging out kills nothing there is no warning and no scope" {
  logind no
  scope works
  jobs_logout_warning
  [ -z "$REPLY" ]
  jobs_start load title true
  run -0 jobs_wait "$REPLY" 10
  [ ! -e "$BATS_TEST_TMPDIR/scopes" ]
}

@test "jobs: with KillUserProcesses a job starts in a scope of its own, its lock without a gap" {
  logind yes
  scope works
  touch "$ETL_LINGER_DIR/$(id -un)"
  jobs_logout_warning
  [ -z "$REPLY" ]
  jobs_start load title bash -c 'echo in a scope'
  run -0 jobs_wait "$REPLY" 10
  grep -q -- '--user --scope.*setsid.*job_run.sh' "$BATS_TEST_TMPDIR/scopes"
}

@test "jobs: without lingering the warning names the command that helps" {
  logind yes
  scope works
  jobs_logout_warning
  [[ $REPLY == *KillUserProcesses=yes*"loginctl enable-linger"* ]]
}

@test "jobs: where no scope can be had the job still starts, and the screen can say what will happen" {
  logind yes
  scope fails
  jobs_logout_warning
  [[ $REPLY == *KillUserProcesses=yes* ]]
  jobs_start load title true
  run -0 jobs_wait "$REPLY" 10
}

@test "jobs: users that the login manager spares are not warned" {
  logind yes "root $(id -un)"
  scope fails
  jobs_logout_warning
  [ -z "$REPLY" ]
}

@test "jobs: logind.conf is read when loginctl does not answer, the later file wins" {
  helpers_program loginctl <<<$'#!/bin/sh\nexit 1'
  scope fails
  mkdir -p "$ETL_SYSTEMD_ROOT"/{run/systemd/system,etc/systemd/logind.conf.d}
  printf '[Login]\n#KillUserProcesses=no\nKillUserProcesses=yes\nKillExcludeUsers=nobody\n' >"$ETL_SYSTEMD_ROOT/etc/systemd/logind.conf"
  run -0 jobs_logout_warning
  jobs_logout_warning
  [[ $REPLY == *KillUserProcesses=yes* ]]
  printf '[Login]\nKillUserProcesses=no\n' >"$ETL_SYSTEMD_ROOT/etc/systemd/logind.conf.d/50-site.conf"
  unset JOBS_LOGOUT_WARNING
  jobs_logout_warning
  [ -z "$REPLY" ]
}

@test "jobs: a host without systemd is never warned about" {
  helpers_path_without loginctl
  jobs_logout_warning
  [ -z "$REPLY" ]
}

@test "jobs: a launcher that passes no descriptors on still leaves a job with its lock" {
  logind yes
  helpers_program systemd-run <<'PROGRAM'
#!/bin/bash
while [[ $1 == --* ]]; do shift; done
# Whoever launched the job ends, and with it its hold on the lock, only after the job has begun.
sleep 1 3>&- &
exec 9>&-
exec "$@"
PROGRAM
  touch "$ETL_LINGER_DIR/$(id -un)"
  helpers_gate_job "$BATS_TEST_TMPDIR/gate"
  helpers_wait_for 20 helpers_has_state "$REPLY" running
  touch "$BATS_TEST_TMPDIR/gate"
  run -0 jobs_wait "$REPLY" 10
}
