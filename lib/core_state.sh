# shellcheck shell=bash
# Upgrades the state folder to the version that these tools read (layer 0: sourced by core.sh if the version differs).
# Each step is a function _core_state_to_N, which must survive being killed and rerun, and jobs of the old version running beside it.

core_state_upgrade() { # brings ETL_STATE_DIR to version ETL_STATE_VERSION; 3 with a sentence when that fails
  local version=$ETL_STATE_DIR/version
  local -i found
  (
    umask 077
    # A host without flock still has only one operator at a time, and steps may run twice.
    { exec 9>>"$ETL_STATE_DIR/.version.lock" && flock 9; } 2>/dev/null
    _core_state_version
    found=$REPLY
    if ((found > ETL_STATE_VERSION)); then
      core_error "The state folder $ETL_STATE_DIR was written by a newer version of these tools (state $found, this one knows $ETL_STATE_VERSION). Use that version, or set ETL_STATE_DIR to another folder."
      exit "$ETL_EXIT_CONFIGURATION"
    fi
    while ((found < ETL_STATE_VERSION)); do
      "_core_state_to_$((++found))" || break
      core_write_file "$version" "$found" || break
    done
    _core_state_version
    ((REPLY == ETL_STATE_VERSION)) && exit 0
    core_error "Cannot write in the state folder $ETL_STATE_DIR. Free disk space, or set ETL_STATE_DIR to another folder of yours."
    exit "$ETL_EXIT_CONFIGURATION"
  )
}

_core_state_version() { # -> REPLY: the number stored in the folder; 0 for folders older than versions
  local text=''
  { IFS= read -r text <"$ETL_STATE_DIR/version"; } 2>/dev/null
  core_number "$text" 0
}

_core_state_to_1() { # before there were versions, an empty file meant that the folder is private
  rm -f -- "$ETL_STATE_DIR/.private"
}
