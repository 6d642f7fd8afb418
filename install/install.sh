#!/bin/sh
# Installs snowflake-etl from this bundle: without root, without internet, into the operator's home.
#
# usage: ./install.sh [--prefix DIR]     install this version and use it from now on
#        ./install.sh --check            prove the bundle by its checksums, change nothing
#        ./install.sh --list             which versions are installed
#        ./install.sh --use VERSION      go back (or forward) to another installed version
#        ./install.sh --uninstall [VERSION]   remove this version (or that one); with --all every one
#
# A copy of this script is kept in DIR/share/snowflake_etl for the last three.
#
# --prefix DIR   else $HOME/.local: versions in DIR/share/snowflake_etl/versions, command in DIR/bin
# ETL_PYTHON     the Python (3.11 or newer) to install for, else the newest on the PATH
#
# Configurations (~/.config/snowflake_etl) and state (~/.local/state/snowflake_etl: jobs, logs, history) belong to no
# version: an upgrade keeps them, and so does --uninstall.
# It needs a plain sh, so that it runs on hosts that have little.

set -u

say() { printf '%s\n' "$*"; }

fail() { # <exit code> <sentence>
  code=$1
  shift
  printf 'error: %s\n' "$*" >&2
  exit "$code"
}

usage() { sed -n '/^# usage/,/^# --prefix/s/^# \{0,1\}//p' "$HERE/install.sh"; }

check_bundle() {
  [ -f "$HERE/SHA256SUMS" ] || fail 3 "There is no SHA256SUMS beside this script. Unpack the whole bundle and run install.sh in it."
  if command -v sha256sum >/dev/null 2>&1; then
    prove='sha256sum -c'
  elif command -v shasum >/dev/null 2>&1; then
    prove='shasum -a 256 -c'
  else
    fail 3 "Neither sha256sum nor shasum is here, so that the bundle cannot be proven. Install coreutils or busybox."
  fi
  said=$(cd "$HERE" && $prove SHA256SUMS 2>/dev/null)
  proven=$?
  damaged=$(printf '%s\n' "$said" | sed -n 's/: FAILED.*//p' | head -n 1)
  # A list that was cut off proves nothing of what it does not name.
  [ -n "$VERSION" ] && [ -n "$said" ] || damaged='the list itself'
  [ "$proven" -eq 0 ] && [ -z "$damaged" ] || fail 3 "The bundle is damaged: ${damaged:-the list itself} is not what SHA256SUMS says. Copy it here again."
}

find_python() { # sets PYTHON
  for name in ${ETL_PYTHON:-python3.14 python3.13 python3.12 python3.11 python3}; do
    command -v "$name" >/dev/null 2>&1 || continue
    "$name" -I -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue
    # The bundle has packages for one Python; another one has to be named.
    PYTHON=$name
    fits "$name" && return 0
  done
  [ -n "${PYTHON:-}" ] || fail 3 "Python 3.11 or newer with the module ensurepip is needed, and ${ETL_PYTHON:-none} was found. Install one, or set ETL_PYTHON to its path."
  fail 3 "The packages of this bundle are for Python $(bundle_python), and that was not found. Set ETL_PYTHON to its path, or make the bundle with the Python of this host."
}

bundle_python() { # the Python that the compiled packages are for: duckdb has a file for each
  for file in "$HERE"/wheels/duckdb-*-cp3*; do
    [ -e "$file" ] || break
    file=${file##*/duckdb-*-cp3}
    say "3.${file%%-*}"
    return 0
  done
  say "any"
}

fits() { # <python>
  wanted=$(bundle_python)
  [ "$wanted" = any ] || [ "$("$1" -I -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = "$wanted" ]
}

version_of() { # <folder of versions>: the version in use
  target=$(readlink "$1/current" 2>/dev/null) || return 1
  say "${target##*/}"
}

use() { # <version>
  [ -e "$VERSIONS/$1/$WHOLE" ] || fail 2 "Version $1 is not installed in $VERSIONS. There are: $(in_words)"
  mkdir -p "$PREFIX/bin" || fail 3 "Cannot write in $PREFIX/bin. Name another folder with --prefix."
  # By rename, so that a start in this moment finds the one or the other.
  ln -s "versions/$1" "$SHARE/.current.$$" && mv -f -T "$SHARE/.current.$$" "$SHARE/current" 2>/dev/null \
    || { rm -f "$SHARE/current" "$SHARE/.current.$$" && ln -s "versions/$1" "$SHARE/current"; } \
    || fail 3 "Cannot write in $SHARE. Name another folder with --prefix."
  if [ -e "$PREFIX/bin/snowflake-etl" ] && [ ! -L "$PREFIX/bin/snowflake-etl" ]; then
    fail 3 "$PREFIX/bin/snowflake-etl is there and is not ours. Move it away, or name another folder with --prefix."
  fi
  ln -sf "$SHARE/current/bin/snowflake-etl" "$PREFIX/bin/snowflake-etl"
  hide_pages
  show_pages
}

show_pages() { # the manual and the completion of the version in use, where man and bash look for them; nothing fails without
  for page in "$SHARE"/current/share/man/man1/snowflake-etl*.1 "$SHARE"/current/share/bash-completion/completions/snowflake-etl; do
    place=$PREFIX/share/${page#"$SHARE"/current/share/}
    if [ -e "$page" ] && [ ! -e "$place" ]; then
      mkdir -p "${place%/*}" && ln -s "$page" "$place"
    fi
  done 2>/dev/null
}

hide_pages() { # another version may have others
  for place in "$PREFIX"/share/man/man1/snowflake-etl*.1 "$PREFIX"/share/bash-completion/completions/snowflake-etl; do
    case $(readlink "$place") in "$SHARE"/current/*) rm -f "$place" ;; esac
  done
}

list() {
  for folder in "$VERSIONS"/*; do
    [ ! -e "$folder/$WHOLE" ] || say "${folder##*/}"
  done
}

in_words() { # the versions that are installed, on one line
  found=$(list | tr '\n' ' ')
  say "${found:-none}"
}

show_list() {
  [ -n "$(list)" ] || say "No version is installed in $VERSIONS."
  current=$(version_of "$SHARE") || current=''
  list | while read -r one; do
    if [ "$one" = "$current" ]; then
      one="$one  (in use)"
    fi
    say "$one"
  done
}

put_back() { # the version that is being replaced, as long as the new one is not whole
  [ -e "$folder/$WHOLE" ] || rm -rf "$folder"
  if [ -e "$folder.old" ]; then
    if [ -e "$folder" ]; then rm -rf "$folder.old"; else mv "$folder.old" "$folder"; fi
  fi
}

install() {
  check_bundle
  find_python
  folder=$VERSIONS/$VERSION
  mkdir -p "$VERSIONS" 2>/dev/null && [ -w "$VERSIONS" ] || fail 3 "Cannot write in $VERSIONS. Name another folder with --prefix."
  if cmp -s "$HERE/SHA256SUMS" "$folder/$WHOLE"; then
    say "snowflake-etl $VERSION from this bundle is installed already."
    use "$VERSION"
    return
  fi
  say "Installing snowflake-etl $VERSION into $folder, a few minutes at most ..."
  put_back # what an installation that was cut off has left
  if [ -e "$folder" ]; then
    mv "$folder" "$folder.old" || fail 3 "Cannot write in $VERSIONS. Make it writable, or name another folder with --prefix."
  fi
  trap 'put_back; exit 130' INT TERM HUP
  log=$VERSIONS/install-$VERSION.log
  if "$PYTHON" -I -m venv "$folder" >"$log" 2>&1 \
    && "$folder/bin/python" -I -m pip --isolated install --no-index --find-links "$HERE/wheels" --require-hashes --no-deps \
      --only-binary :all: --disable-pip-version-check --no-input -r "$HERE/requirements.lock" >>"$log" 2>&1 \
    && "$folder/bin/python" -I -m pip --isolated install --no-index --no-deps --disable-pip-version-check --no-input \
      "$HERE/snowflake_etl-$VERSION-py3-none-any.whl" >>"$log" 2>&1 \
    && cp "$HERE/SHA256SUMS" "$folder/$WHOLE" 2>>"$log"; then
    trap - INT TERM HUP
    rm -rf "$folder.old"
  else
    put_back
    fail 3 "The installation failed: $(grep -i error "$log" | tail -n 1). The version that was there is as before. Full output: $log"
  fi
  before=$(version_of "$SHARE") || before=''
  use "$VERSION"
  # For --list, --use and --uninstall when the bundle is long gone; by rename, since it may be the one that runs.
  if ! cp "$HERE/install.sh" "$SHARE/.install.$$" || ! mv -f "$SHARE/.install.$$" "$SHARE/install.sh"; then
    say "install.sh could not be kept in $SHARE: keep the bundle for --use and --uninstall."
  fi
  say "Installed. Type: snowflake-etl"
  [ -z "$before" ] || [ "$before" = "$VERSION" ] || say "Version $before is kept; back to it: $SHARE/install.sh --use $before"
  case ":$PATH:" in
    *":$PREFIX/bin:"*) ;;
    *) say "$PREFIX/bin is not on your PATH. Type $PREFIX/bin/snowflake-etl, or add it: export PATH=\"$PREFIX/bin:\$PATH\"" ;;
  esac
}

uninstall() { # <version or --all>
  current=$(version_of "$SHARE") || current=''
  if [ "$1" = --all ]; then
    # shellcheck disable=SC2046 # versions hold no blanks
    set -- $(list)
    [ $# -gt 0 ] || fail 2 "No version is installed in $VERSIONS."
  fi
  for one in "$@"; do
    case $one in */* | .* | '') fail 2 "'$one' is no version." ;; esac
    [ -d "$VERSIONS/$one" ] || fail 2 "Version $one is not installed in $VERSIONS. There are: $(in_words)"
    rm -rf "${VERSIONS:?}/$one" "$VERSIONS/install-$one.log" || fail 3 "Version $one could not be removed whole from $VERSIONS."
    say "Removed version $one."
    if [ "$one" = "$current" ]; then
      rm -f "$SHARE/current"
      left=$(list | tail -n 1)
      if [ -n "$left" ]; then
        use "$left"
        say "Version $left is in use now."
      elif [ -L "$PREFIX/bin/snowflake-etl" ]; then
        rm -f "$PREFIX/bin/snowflake-etl" "$SHARE/install.sh"
        hide_pages
      fi
    fi
  done
  say "Configurations and state are kept: ${XDG_CONFIG_HOME:-$HOME/.config}/snowflake_etl, ${XDG_STATE_HOME:-$HOME/.local/state}/snowflake_etl"
}

WHOLE=.bundle # written last into a version's folder: the checksums of the bundle that it came from
HERE=$(cd "$(dirname "$0")" && pwd) || exit 1
PREFIX=${HOME:-}/.local
# The copy that an installation keeps is about the versions beside it.
case $HERE in */share/snowflake_etl) PREFIX=${HERE%/share/snowflake_etl} ;; esac
ACTION=install
NAMED=''
while [ $# -gt 0 ]; do
  case $1 in
    --prefix)
      [ -n "${2:-}" ] || fail 2 "--prefix needs a folder behind it."
      PREFIX=$2
      shift
      ;;
    --check | --list | --uninstall) ACTION=${1#--} ;;
    --use)
      [ -n "${2:-}" ] || fail 2 "--use needs a version behind it, one of those that --list says."
      ACTION=use NAMED=$2
      shift
      ;;
    --all) NAMED=--all ;;
    -h | --help)
      usage
      exit 0
      ;;
    -*) fail 2 "install.sh does not know '$1'. See: install.sh --help" ;;
    *) NAMED=$1 ;;
  esac
  shift
done
case $PREFIX in
  /.local) fail 3 "HOME is not set. Name a folder with --prefix." ;;
  /*) ;;
  *) PREFIX=$PWD/$PREFIX ;;
esac
SHARE=$PREFIX/share/snowflake_etl
VERSIONS=$SHARE/versions
VERSION=$(sed -n 's/.* \.\/snowflake_etl-\(.*\)-py3-none-any\.whl$/\1/p' "$HERE/SHA256SUMS" 2>/dev/null)
case $ACTION in
  install)
    [ -z "$NAMED" ] || fail 2 "install.sh does not know '$NAMED'. See: install.sh --help"
    install
    ;;
  check)
    check_bundle
    say "The bundle is whole: snowflake-etl $VERSION for Python $(bundle_python)."
    ;;
  list) show_list ;;
  use)
    use "$NAMED"
    say "Version $NAMED is in use now."
    ;;
  uninstall) uninstall "${NAMED:-${VERSION:-$(version_of "$SHARE")}}" ;;
esac
