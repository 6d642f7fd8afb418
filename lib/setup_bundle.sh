# shellcheck shell=bash
# Packs everything that a host without internet needs into one file (part of setup.sh, layer 1).
# The file is a tar: our wheel, the packages of requirements.lock, SHA256SUMS over all of it, and install.sh.

_setup_bundle_make() { # <file.tar>: writes it completely or not at all; 3 with a sentence when it cannot
  local target=$1 work name version
  if [[ -d $target || ! -d ${target%/*} || ! -w ${target%/*} ]]; then
    core_error "The bundle cannot be written to $target. Name a file in a folder that can be written to."
    return "$ETL_EXIT_CONFIGURATION"
  fi
  # The work folder is beside the bundle: it takes some hundred MB, for which that disk needs room anyway.
  if ! work=$(mktemp -d -- "${target%/*}/.bundle.XXXXXX"); then
    core_error "Cannot write in ${target%/*}. Free disk space there, or name another folder."
    return "$ETL_EXIT_CONFIGURATION"
  fi
  version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$ETL_ROOT/pyproject.toml")
  name=snowflake_etl-$version
  _setup_bundle_fill "$work" "$name" && mv -f -- "$work/$name.tar" "$target"
  local -i status=$?
  rm -rf -- "$work"
  ((status == 0)) || return "$status"
  printf '%s: snowflake-etl %s with all packages, for %s on this kind of host.\n' "$target" "$version" "$("$ETL_PYTHON" -V 2>&1)"
  printf 'There:  tar xf %s && %s/install.sh\n' "${target##*/}" "$name"
}

_setup_bundle_fill() { # <work folder> <name>: makes <work folder>/<name>.tar
  local folder=$1/$2
  mkdir -- "$folder" || return "$ETL_EXIT_CONFIGURATION"
  _setup_make_wheelhouse "$folder/wheels" '' >/dev/null || return
  if ! "$ETL_PYTHON" -I "$ETL_ROOT/install/build_backend.py" wheel "$folder" >>"$SETUP_LOG" 2>&1 \
    || ! cp -- "$ETL_ROOT/install/install.sh" "$ETL_ROOT/requirements.lock" "$folder/" 2>>"$SETUP_LOG" \
    || ! _setup_bundle_sums "$folder" >"$1/sums" || ! mv -- "$1/sums" "$folder/SHA256SUMS" \
    || ! tar -C "$1" -cf "$1/$2.tar" -- "$2" 2>>"$SETUP_LOG"; then
    core_error "The bundle could not be packed. Free disk space in ${1%/*}, and see $SETUP_LOG."
    return "$ETL_EXIT_UNEXPECTED"
  fi
}

_setup_bundle_sums() { # <folder> -> standard output: checksums of all files in it, in alphabetical order
  (cd -- "$1" && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum --)
}
