# shellcheck shell=bash disable=SC2034 # JOBS_LAUNCHER is read by jobs.sh
# Hosts that kill a user's processes at logout (part of jobs.sh, layer 2): systemd's KillUserProcesses=yes.
# Offers jobs_logout_warning; it also sets the command that takes a job out of the login session, for jobs.sh.

jobs_logout_warning() { # -> REPLY: a sentence when jobs may die at logout, else nothing; asks the host once per process
  if [[ -z ${JOBS_LOGOUT_WARNING+set} ]]; then
    _jobs_logout_launcher
  fi
  REPLY=$JOBS_LOGOUT_WARNING
}

_jobs_logout_launcher() { # sets JOBS_LAUNCHER, the words before setsid, and JOBS_LOGOUT_WARNING
  JOBS_LAUNCHER=()
  JOBS_LOGOUT_WARNING=''
  _jobs_logout_kills || return 0
  if ! timeout 5 systemd-run --user --scope --quiet true </dev/null >/dev/null 2>&1; then
    JOBS_LOGOUT_WARNING="This host ends your processes when you log out (KillUserProcesses=yes): a job runs only while you are logged in. Use tmux there, or ask for 'loginctl enable-linger'."
    return 0
  fi
  JOBS_LAUNCHER=(systemd-run --user --scope --quiet --)
  # Without lingering, a user's scopes end with the user's last session.
  if [[ ! -e ${ETL_LINGER_DIR:-/var/lib/systemd/linger}/$(id -un) ]]; then
    JOBS_LOGOUT_WARNING="This host ends your processes with your last login (KillUserProcesses=yes). Run 'loginctl enable-linger' once, and jobs go on."
  fi
}

_jobs_logout_kills() { # whether the login manager would kill this user's processes
  local answer user key value kill='' only='' exclude='root'
  answer=$(timeout 5 loginctl show-session --property=KillUserProcesses --property=KillOnlyUsers --property=KillExcludeUsers 2>/dev/null) \
    || answer=''
  [[ -n $answer ]] || _jobs_logout_configured || return 1
  [[ -n $answer ]] || answer=$REPLY
  while IFS='=' read -r key value; do
    case $key in
      KillUserProcesses) kill=$value ;;
      KillOnlyUsers) only=$value ;;
      KillExcludeUsers) exclude=$value ;;
    esac
  done <<<"$answer"
  [[ $kill == yes || $kill == true || $kill == 1 ]] || return 1
  user=$(id -un)
  [[ " $exclude " != *" $user "* && (-z $only || " $only " == *" $user "*) ]]
}

_jobs_logout_configured() { # -> REPLY: the Kill* lines of logind.conf, for when loginctl does not answer; 1 without systemd
  local root=${ETL_SYSTEMD_ROOT:-} file line
  REPLY=''
  [[ -d $root/run/systemd/system ]] || return 1
  for file in "$root"/usr/lib/systemd/logind.conf "$root"/etc/systemd/logind.conf \
    "$root"/{usr/lib,run,etc}/systemd/logind.conf.d/*.conf; do
    [[ -r $file ]] || continue
    while IFS= read -r line; do
      [[ $line != Kill*=* ]] || REPLY+=$line$'\n'
    done <"$file"
  done
  [[ -n $REPLY ]]
}
