# shellcheck shell=bash
# File Tools (layer 4): look at, compare, clean and pack files before they are loaded.  No file is changed.
# Offers the screen files.

menus_screen_define files "File Tools" "What do you want to do with files?" 30 "browse, check, compare, clean, compress" <<'HELP'
Browse      folders and previews; check, load, compare what you choose
Check       no missing day, no malformed row, no duplicate key
Sample      the first rows: columns, types, dates, at once
Statistics  the same for every row, as a job
Compare     are two files the same, and which rows differ
Clean       a copy that can be loaded, and the rejects with reasons
Compress    numbered parts, for a host that reaches the warehouse
Load parts  on that host: verify the parts, load them exactly once
Generate    a configuration from a file, merged after you saw it

What takes longer than a moment runs as a job; its log says what
was found. No tool overwrites the file that it reads.
HELP

menus_screen_entries files \
  browse browse "Browse" "look through folders, choose files, then act" \
  check check-file "Check" "days, layout, types, keys" \
  sample sample "Sample" "first rows, columns, types, dates" \
  stats sample "Statistics" "every row: NULLs, bounds, distinct values" \
  compare compare "Compare two files" "the same, or which rows differ" \
  clean clean-file "Clean" "a copy that can be loaded, and the rejects" \
  compress compress "Compress" "parts for a host with a connection" \
  parts load "Load parts" "made by Compress on another host" \
  generate config "Generate configuration" "from a file, merged after you saw it"

menus_screen_define files_check "Check" "Which files do you want to check?" <<'HELP'
Files of a month are found by the patterns of the configuration.
One file is given by its path; its name has to match a pattern, too.

Loaded months reads their files again and compares them with the
ledger and the table: is every row there, and none twice. It loads
nothing.
HELP

menus_screen_entries files_check \
  month '' "Files of a month" "found by the configuration's patterns" \
  file '' "One file" "by its path" \
  loaded load "Loaded months" "does the table have what the files have?"

menus_screen_define files_compare "Compare two files" "How do you want to compare them?" <<'HELP'
Rows and columns says which rows were removed, added or changed, by
their key, and in which columns. Order does not matter.
Only whether the same reads both files once, which is faster.

Compression, line ends and delimiters may differ: .gz and plain files
can be equal.
HELP

menus_screen_entries files_compare \
  rows '' "Rows and columns" "which differ, by key" \
  quick '' "Only whether the same" "by their contents' hashes"

menus_screen_define files_compress "Compress" "Which files do you want to compress?" <<'HELP'
Each file becomes a folder FILE.parts beside it, with numbered parts,
checksums (sha256sum -c SHA256SUMS) and manifest.json. Copy the folder
to a host that reaches the warehouse, and choose Load parts there.
HELP

menus_screen_entries files_compress \
  month '' "Files of a month" "found by the configuration's patterns" \
  file '' "One file" "by its path"

MENUS_FILES_PACKINGS=( # the flag's word, and what it means
  zstd "zstd   smaller and faster"
  gz "gz     for those who have nothing else"
)
MENUS_FILES_CLEANINGS=( # what is rejected
  plain "Rows that do not fit  layout, encoding, types, length"
  duplicates "Duplicates, too       rows whose key is in an earlier row"
)

menus_files_browse() {
  menus_browse
}

menus_files_check_month() {
  menus_ask "Files of a month" table months || return 0
  _menus_files_start "Check the files of $MENUS_ASK_ABOUT" check-file "${MENUS_ASK_TABLE[@]}" "${MENUS_ASK_DAYS[@]}"
}

menus_files_check_file() {
  menus_ask "One file" file || return 0
  _menus_files_start "Check $MENUS_ASK_ABOUT" check-file "${MENUS_ASK_FILE[@]}"
}

menus_files_check_loaded() {
  menus_ask "Loaded months" table months || return 0
  _menus_files_start "Verify $MENUS_ASK_ABOUT" load "${MENUS_ASK_TABLE[@]}" "${MENUS_ASK_DAYS[@]}" --verify
}

menus_files_sample() {
  menus_ask "Sample" file || return 0
  actions_config_current
  menus_screen_show "Sample $MENUS_ASK_ABOUT" sample --config "$REPLY" "${MENUS_ASK_FILE[@]}"
}

menus_files_stats() {
  menus_ask "Statistics" file || return 0
  _menus_files_start "Statistics of $MENUS_ASK_ABOUT" sample "${MENUS_ASK_FILE[@]}" --all
}

menus_files_compare_rows() {
  menus_ask "Rows and columns" file with key || return 0
  _menus_files_start "Compare $MENUS_ASK_ABOUT" compare "${MENUS_ASK_FILE[@]}" "${MENUS_ASK_WITH[@]}" "${MENUS_ASK_KEY[@]}"
}

menus_files_compare_quick() {
  menus_ask "Only whether the same" file with || return 0
  _menus_files_start "Compare $MENUS_ASK_ABOUT" compare "${MENUS_ASK_FILE[@]}" "${MENUS_ASK_WITH[@]}" --quick
}

menus_files_clean() {
  local title
  local -a more
  while menus_ask "Clean" file; do
    title="Clean $MENUS_ASK_ABOUT"
    _menus_files_choose "$title" "Which rows are rejected?" clean plain "${MENUS_FILES_CLEANINGS[@]}" || continue
    more=()
    [[ $REPLY != duplicates ]] || more=(--duplicates)
    _menus_files_start "$title" clean-file "${MENUS_ASK_FILE[@]}" "${more[@]}"
    return 0
  done
}

menus_files_compress_month() {
  while menus_ask "Files of a month" table months; do
    _menus_files_compress "${MENUS_ASK_TABLE[@]}" "${MENUS_ASK_DAYS[@]}" && return 0
  done
}

menus_files_compress_file() {
  while menus_ask "One file" file; do
    _menus_files_compress "${MENUS_ASK_FILE[@]}" && return 0
  done
}

_menus_files_compress() { # <arguments...>: 1 to ask again
  local title="Compress $MENUS_ASK_ABOUT"
  _menus_files_choose "$title" "How should the parts be compressed?" packing zstd "${MENUS_FILES_PACKINGS[@]}" || return 1
  _menus_files_start "$title" compress "$@" --packing "$REPLY"
  return 0
}

menus_files_parts() {
  local config manifest folder
  menus_ask_path "Load parts" "Which manifest.json, in the folder of the parts?" parts_manifest || return 0
  manifest=$REPLY folder=${REPLY%/*}
  actions_config_current
  config=$REPLY
  menus_screen_load "Load parts of ${folder##*/}" --config "$config" --from-parts "$manifest" || return 0
}

menus_files_generate() {
  local config MENUS_ASK_FROM=0 MENUS_ASK_NEW_TABLE='' MENUS_ASK_INTO=''
  while menus_ask "Generate configuration" file new_table into; do
    actions_config_current
    config=$REPLY
    _menus_files_merge "$MENUS_ASK_INTO" --config "$config" "${MENUS_ASK_FILE[@]}" ${MENUS_ASK_NEW_TABLE:+--table "$MENUS_ASK_NEW_TABLE"} \
      && return 0
    # shellcheck disable=SC2034 # ask.sh reads it
    MENUS_ASK_FROM=2
  done
}

_menus_files_merge() { # <file> <arguments...>: shows the difference, asks, writes; 1 to ask again
  local into=$1
  local -i status
  shift
  ui_busy "Generate for $MENUS_ASK_ABOUT" "Looking at the file ... (Ctrl-C stops)"
  actions_plan config generate "$@" --into "$into"
  status=$?
  if ((status != ETL_EXIT_OK)); then
    ui_message "Generate for $MENUS_ASK_ABOUT" "${REPLY:-It ended with exit code $status and said nothing.}"
    return 0
  fi
  menus_screen_command config generate "$@" --into "$into" "$REPLY"
  UI_OK=Write UI_BACK=Back ui_yesno "Write to ${into##*/}" "$REPLY" || return 1
  menus_screen_tell "Generate for $MENUS_ASK_ABOUT" config generate "$@" --into "$into" --yes
  _menus_files_merged "$into"
}

_menus_files_merged() { # <file>: offers to use the configuration just written, unless it is in use already
  actions_config_current
  if [[ $1 == "$REPLY" ]]; then
    menus_screen_find_target
  elif [[ -f $1 ]] && UI_OK="Use it" UI_BACK=Back ui_yesno "${1##*/}" "Use $1 from now on? In use is $REPLY."; then
    menus_settings_use "$1"
  fi
}

_menus_files_choose() { # <title> <question> <preference> <default> <word> <item>... -> REPLY: the word, the next default
  local last
  actions_config_preference "files_$3"
  last=${REPLY:-$4}
  UI_DEFAULT=$last ui_menu "$1" "$2" "${@:5}" || return 1
  last=$REPLY
  actions_config_set_preference "files_$3" "$last"
  REPLY=$last
}

_menus_files_start() { # <title> <verb> <arguments...>: with the configuration in use
  local title=$1 verb=$2 kind=''
  shift 2
  [[ " $* " != *' --month '* ]] || kind=months
  actions_flags "$verb" "$kind"
  menus_screen_start "$title" "$verb" "${ACTIONS_FLAGS[@]}" "$@"
}
