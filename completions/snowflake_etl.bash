# shellcheck shell=bash
# Completion for bash: verbs, subcommands, flags, choices, months, tables of the configuration, job ids, files.
# Use: a line "source /PATH/OF/completions/snowflake_etl.bash" in ~/.bashrc, or the file in /etc/bash_completion.d.
# It starts no program but bash's own; what the commands know is written below from their parsers.

_snowflake_etl() { # completes COMP_WORDS[COMP_CWORD]
  local REPLY flag='' verb='' current=${COMP_WORDS[COMP_CWORD]}
  local -i number=0
  COMPREPLY=()
  _snowflake_etl_read
  if [[ -n $flag ]] && _snowflake_etl_value "$verb" "$flag"; then
    _snowflake_etl_offer "$REPLY"
  elif [[ -z $verb && $current != -* ]]; then
    _snowflake_etl_verbs
    _snowflake_etl_offer "words $REPLY"
  elif [[ $current == -* ]]; then
    _snowflake_etl_flags "$verb"
    _snowflake_etl_offer "words $REPLY"
  else
    _snowflake_etl_words "$verb" "$number"
    if [[ -n $REPLY ]]; then
      _snowflake_etl_offer "$REPLY"
    else
      _snowflake_etl_flags "$verb"
      _snowflake_etl_offer "words $REPLY"
    fi
  fi
}

_snowflake_etl_read() { # sets verb, the flag whose value is completed, and which word without a dash this is
  local word waiting='' REPLY
  local -i index
  # Bash takes --flag=value apart at the "=".
  [[ $current != '=' ]] || current=''
  for ((index = 1; index < COMP_CWORD; ++index)); do
    word=${COMP_WORDS[index]}
    if [[ $word == '=' ]]; then
      continue
    elif [[ -n $waiting ]]; then
      waiting=''
    elif [[ $word == --* ]]; then
      ! _snowflake_etl_value "$verb" "$word" || waiting=$word
    elif [[ $word == help && -z $verb ]]; then
      continue
    elif [[ $word != -* ]]; then
      # Before the verb a verb's own flags are not known: what is no verb behind one is its value, as the program takes it.
      [[ -n $verb || ${COMP_WORDS[index - 1]} != [-=]* ]] || _snowflake_etl_is_verb "$word" || continue
      ((++number))
      [[ -n $verb ]] || { verb=$word && number=0; }
    fi
  done
  flag=$waiting
  ((++number))
}

_snowflake_etl_is_verb() { # <word>
  local REPLY
  _snowflake_etl_verbs
  [[ " $REPLY " == *" $1 "* ]]
}

_snowflake_etl_offer() { # <kind and words>: sets COMPREPLY to those that begin with what is typed
  local kind=${1%% *} candidate
  local -a candidates=()
  case $kind in
    words) read -ra candidates <<<"${1#words}" ;;
    month) _snowflake_etl_months ;;
    table) _snowflake_etl_tables ;;
    job) _snowflake_etl_jobs ;;
    file) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    folder) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
  esac
  case $kind in
    file | folder) compopt -o filenames 2>/dev/null ;;
    *)
      for candidate in "${candidates[@]}"; do
        [[ $candidate != "$current"* ]] || COMPREPLY+=("$candidate")
      done
      ;;
  esac
}

_snowflake_etl_months() { # sets candidates: the last thirteen months and words for some, behind what is typed of a list or range
  local begun=''
  local -i year month count
  printf -v year '%(%Y)T' -1
  printf -v month '10#%(%m)T' -1
  [[ ! $current =~ ^.*(,|\.\.) ]] || begun=${BASH_REMATCH[0]}
  candidates=("${begun}current" "${begun}last" "${begun}all")
  for ((count = 0; count < 13; ++count)); do
    printf -v candidates[count+3] '%s%04d-%02d' "$begun" "$year" "$month"
    ((--month > 0)) || { month=12 && ((--year)); }
  done
}

_snowflake_etl_tables() { # sets candidates: table_name of the configuration's text, JSON or YAML
  local line path REPLY
  local -a lines=()
  _snowflake_etl_config
  path=$REPLY
  { mapfile -t -n 5000 lines <"$path"; } 2>/dev/null || return 0
  for line in "${lines[@]}"; do
    while [[ $line =~ table_name[\"\']?[[:blank:]]*:[[:blank:]]*[\"\']?([A-Za-z0-9_.\$]+)(.*) ]]; do
      [[ " ${candidates[*]} " == *" ${BASH_REMATCH[1]} "* ]] || candidates+=("${BASH_REMATCH[1]}")
      line=${BASH_REMATCH[2]}
    done
  done
}

_snowflake_etl_config() { # -> REPLY: the configuration that the command would use
  local -i index
  for ((index = 1; index < COMP_CWORD - 1; ++index)); do
    if [[ ${COMP_WORDS[index]} == --config ]]; then
      REPLY=${COMP_WORDS[index + 1]}
      [[ $REPLY != '=' ]] || REPLY=${COMP_WORDS[index + 2]}
      REPLY=${REPLY/#\~\//$HOME/}
      return
    fi
  done
  REPLY=${ETL_CONFIG:-}
  [[ -z $REPLY ]] || return 0
  _snowflake_etl_state
  { IFS= read -r REPLY <"$REPLY/preferences/config"; } 2>/dev/null || {
    _snowflake_etl_root
    REPLY+=/config/example.json
  }
}

_snowflake_etl_jobs() { # sets candidates: "last" and the newest fifty jobs
  local REPLY folder
  local -a folders=()
  local -i index
  candidates=(last)
  _snowflake_etl_state
  for folder in "$REPLY"/jobs/[0-9]*-*; do
    [[ ! -d $folder ]] || folders+=("${folder##*/}")
  done
  for ((index = ${#folders[@]} - 1; index >= 0 && index >= ${#folders[@]} - 50; --index)); do
    candidates+=("${folders[index]}")
  done
}

_snowflake_etl_state() { # -> REPLY: the state folder
  REPLY=${ETL_STATE_DIR:-}
  [[ -z $REPLY ]] || return 0
  _snowflake_etl_root
  REPLY+=/logs
  [[ -d $REPLY && -w $REPLY ]] || REPLY=${XDG_STATE_HOME:-${HOME:-}/.local/state}/snowflake_etl
}

_snowflake_etl_root() { # -> REPLY: the folder of the script that is being typed
  REPLY=${COMP_WORDS[0]/#\~\//$HOME/}
  [[ $REPLY == */* ]] || REPLY=./$REPLY
  REPLY=${REPLY%/*}
}

# --- written by python -m snowflake_etl.cli.description ---
_snowflake_etl_verbs() { # -> REPLY
  REPLY='load recover diagnose stage ledger check-file clean-file compare compress sample browse validate duplicates report history metrics schedule drop-month restore-month local table-info doctor notify prune config jobs setup help'
}

_snowflake_etl_flags() { # <verb> -> REPLY
  case $1 in
    load) REPLY='--month --file --from-parts --resume --verify --if-missing --settle --table --base-path --mode --qc --strict --workers --jobs --continue-on-error --stage-only --from-stage --keep-staged --dry-run --yes --expect-rows --allow-existing --allow-shrink --outside --policies-checked --help --output --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    recover) REPLY='--retry --widen --clean --loads --help --staged --dry-run --yes --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    diagnose) REPLY='--help --table --output --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    stage) REPLY='--older-than --orphans --foreign --dry-run --yes --days --limit --help --table --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    ledger) REPLY='--file --base-path --without-file --dry-run --yes --help --month --table --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    check-file) REPLY='--file --month --base-path --table --strict --sample-rows --rejects --help --output --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    clean-file) REPLY='--help --file --table --to --rejects --types --duplicates --key --force --output --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    compare) REPLY='--key --quick --show --differences --delimiter --quote-char --header --encoding --help --file --with --table --output --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    compress) REPLY='--file --month --base-path --table --to --packing --part-size --workers --help --output --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    sample) REPLY='--rows --all --show --delimiter --quote-char --header --encoding --help --file --table --output --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    browse) REPLY='--help --base-path --action --plain --chosen --output --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    validate) REPLY='--help --table --month --days --strict --output --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    duplicates) REPLY='--table --file --month --days --help --key --show --delete-sql --output --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    report) REPLY='--config --configs --name --table --month --days --workers --strict --format --output --width --chart --help --environment --set --json --quiet --scheduled --verbose --background' ;;
    history) REPLY='--help --table --month --audit --limit --output --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    metrics) REPLY='--help --output --live --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    schedule) REPLY='--help --command --name --every --at --day --system --to --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    drop-month) REPLY='--table --all-tables --month --dry-run --preview --yes --expect-rows --policies-checked --help --safety-copy --no-safety-copy --output --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    restore-month) REPLY='--list --drop-copies --table --month --run --older-than --mode --allow-existing --dry-run --yes --expect-rows --policies-checked --help --output --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    local) REPLY='--database --schema --csv --yes --force --help --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    table-info) REPLY='--help --table --loads --output --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    doctor) REPLY='--help --setup-sql --role --output --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    notify) REPLY='--help --target --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    prune) REPLY='--help --dry-run --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    config) REPLY='--connect --file --table --into --rows --all-rows --delimiter --quote-char --header --encoding --to --format --where --remove --files --dry-run --yes --help --config --environment --set --json --quiet --scheduled --verbose --background' ;;
    jobs) REPLY='--all --state --json --with --timeout --older-than --help' ;;
    setup) REPLY='--check --rebuild --test --make-bundle --make-wheelhouse --wheelhouse --help' ;;
    '') REPLY='--config --help --version' ;;
    *) REPLY='' ;;
  esac
}

_snowflake_etl_words() { # <verb> <number of the word that is no flag> -> REPLY: kind and words
  case $1:$2 in
    diagnose:1) REPLY='job' ;;
    stage:1) REPLY='words list clean performance' ;;
    ledger:1) REPLY='words list adopt' ;;
    history:1) REPLY='words list diff show' ;;
    history:2) REPLY='free' ;;
    schedule:1) REPLY='words cron systemd' ;;
    local:1) REPLY='words start stop status sql reset' ;;
    local:2) REPLY='free' ;;
    notify:1) REPLY='words list test job silence retry' ;;
    notify:2) REPLY='free' ;;
    config:1) REPLY='words show validate generate template migrate schema set-secret target tables environments' ;;
    config:2) REPLY='free' ;;
    jobs:1) REPLY='words list show log follow cancel rerun compare report move limit wait prune' ;;
    jobs:2) REPLY='job' ;;
    jobs:3) REPLY='words first last up down' ;;
    *) REPLY='' ;;
  esac
}

_snowflake_etl_value() { # <verb> <flag> -> REPLY: kind and words; 1 when the flag takes none
  case $1:$2 in
    load:--month) REPLY='month' ;;
    load:--file | load:--from-parts | load:--output | load:--config) REPLY='file' ;;
    load:--settle | load:--workers | load:--jobs | load:--expect-rows | load:--environment | load:--set | load:--scheduled) REPLY='free' ;;
    load:--table) REPLY='table' ;;
    load:--base-path) REPLY='folder' ;;
    load:--mode) REPLY='words append replace' ;;
    load:--qc) REPLY='words file snowflake both skip' ;;
    load:--outside) REPLY='words refuse keep' ;;
    recover:--retry | recover:--widen | recover:--environment | recover:--set | recover:--scheduled) REPLY='free' ;;
    recover:--config) REPLY='file' ;;
    diagnose:--table) REPLY='table' ;;
    diagnose:--output | diagnose:--config) REPLY='file' ;;
    diagnose:--environment | diagnose:--set | diagnose:--scheduled) REPLY='free' ;;
    stage:--older-than | stage:--days | stage:--limit | stage:--environment | stage:--set | stage:--scheduled) REPLY='free' ;;
    stage:--table) REPLY='table' ;;
    stage:--config) REPLY='file' ;;
    ledger:--file | ledger:--config) REPLY='file' ;;
    ledger:--base-path) REPLY='folder' ;;
    ledger:--month) REPLY='month' ;;
    ledger:--table) REPLY='table' ;;
    ledger:--environment | ledger:--set | ledger:--scheduled) REPLY='free' ;;
    check-file:--file | check-file:--rejects | check-file:--output | check-file:--config) REPLY='file' ;;
    check-file:--month) REPLY='month' ;;
    check-file:--base-path) REPLY='folder' ;;
    check-file:--table) REPLY='table' ;;
    check-file:--sample-rows | check-file:--environment | check-file:--set | check-file:--scheduled) REPLY='free' ;;
    clean-file:--file | clean-file:--to | clean-file:--rejects | clean-file:--output | clean-file:--config) REPLY='file' ;;
    clean-file:--table) REPLY='table' ;;
    clean-file:--types) REPLY='words config table none' ;;
    clean-file:--key | clean-file:--environment | clean-file:--set | clean-file:--scheduled) REPLY='free' ;;
    compare:--key | compare:--show | compare:--delimiter | compare:--quote-char | compare:--encoding | compare:--environment | compare:--set | compare:--scheduled) REPLY='free' ;;
    compare:--differences | compare:--file | compare:--with | compare:--output | compare:--config) REPLY='file' ;;
    compare:--header) REPLY='words yes no' ;;
    compare:--table) REPLY='table' ;;
    compress:--file | compress:--output | compress:--config) REPLY='file' ;;
    compress:--month) REPLY='month' ;;
    compress:--base-path | compress:--to) REPLY='folder' ;;
    compress:--table) REPLY='table' ;;
    compress:--packing) REPLY='words zstd gz' ;;
    compress:--part-size | compress:--workers | compress:--environment | compress:--set | compress:--scheduled) REPLY='free' ;;
    sample:--rows | sample:--show | sample:--delimiter | sample:--quote-char | sample:--encoding | sample:--environment | sample:--set | sample:--scheduled) REPLY='free' ;;
    sample:--header) REPLY='words yes no' ;;
    sample:--file | sample:--output | sample:--config) REPLY='file' ;;
    sample:--table) REPLY='table' ;;
    browse:--base-path) REPLY='folder' ;;
    browse:--action) REPLY='words check load compare sample' ;;
    browse:--chosen | browse:--output | browse:--config) REPLY='file' ;;
    browse:--environment | browse:--set | browse:--scheduled) REPLY='free' ;;
    validate:--table) REPLY='table' ;;
    validate:--month) REPLY='month' ;;
    validate:--days | validate:--environment | validate:--set | validate:--scheduled) REPLY='free' ;;
    validate:--output | validate:--config) REPLY='file' ;;
    duplicates:--table) REPLY='table' ;;
    duplicates:--file | duplicates:--output | duplicates:--config) REPLY='file' ;;
    duplicates:--month) REPLY='month' ;;
    duplicates:--days | duplicates:--key | duplicates:--show | duplicates:--environment | duplicates:--set | duplicates:--scheduled) REPLY='free' ;;
    report:--config | report:--output) REPLY='file' ;;
    report:--configs) REPLY='folder' ;;
    report:--name | report:--days | report:--workers | report:--width | report:--environment | report:--set | report:--scheduled) REPLY='free' ;;
    report:--table) REPLY='table' ;;
    report:--month) REPLY='month' ;;
    report:--format) REPLY='words text json csv xlsx html' ;;
    history:--table) REPLY='table' ;;
    history:--month) REPLY='month' ;;
    history:--limit | history:--environment | history:--set | history:--scheduled) REPLY='free' ;;
    history:--output | history:--config) REPLY='file' ;;
    metrics:--output | metrics:--config) REPLY='file' ;;
    metrics:--environment | metrics:--set | metrics:--scheduled) REPLY='free' ;;
    schedule:--command | schedule:--name | schedule:--at | schedule:--day | schedule:--environment | schedule:--set | schedule:--scheduled) REPLY='free' ;;
    schedule:--every) REPLY='words hour day weekday month' ;;
    schedule:--to) REPLY='folder' ;;
    schedule:--config) REPLY='file' ;;
    drop-month:--table) REPLY='table' ;;
    drop-month:--month) REPLY='month' ;;
    drop-month:--preview | drop-month:--expect-rows | drop-month:--environment | drop-month:--set | drop-month:--scheduled) REPLY='free' ;;
    drop-month:--output | drop-month:--config) REPLY='file' ;;
    restore-month:--table) REPLY='table' ;;
    restore-month:--month) REPLY='month' ;;
    restore-month:--run | restore-month:--older-than | restore-month:--expect-rows | restore-month:--environment | restore-month:--set | restore-month:--scheduled) REPLY='free' ;;
    restore-month:--mode) REPLY='words append replace' ;;
    restore-month:--output | restore-month:--config) REPLY='file' ;;
    local:--database | local:--schema | local:--environment | local:--set | local:--scheduled) REPLY='free' ;;
    local:--config) REPLY='file' ;;
    table-info:--table) REPLY='table' ;;
    table-info:--loads | table-info:--environment | table-info:--set | table-info:--scheduled) REPLY='free' ;;
    table-info:--output | table-info:--config) REPLY='file' ;;
    doctor:--role | doctor:--environment | doctor:--set | doctor:--scheduled) REPLY='free' ;;
    doctor:--output | doctor:--config) REPLY='file' ;;
    notify:--target | notify:--environment | notify:--set | notify:--scheduled) REPLY='free' ;;
    notify:--config) REPLY='file' ;;
    prune:--config) REPLY='file' ;;
    prune:--environment | prune:--set | prune:--scheduled) REPLY='free' ;;
    config:--file | config:--into | config:--to | config:--config) REPLY='file' ;;
    config:--table) REPLY='table' ;;
    config:--rows | config:--delimiter | config:--quote-char | config:--encoding | config:--environment | config:--set | config:--scheduled) REPLY='free' ;;
    config:--header) REPLY='words yes no' ;;
    config:--format) REPLY='words json markdown' ;;
    config:--where) REPLY='words keyring file' ;;
    jobs:--state) REPLY='words running queued done problems refused failed stopped lost unknown' ;;
    jobs:--with) REPLY='job' ;;
    jobs:--timeout | jobs:--older-than) REPLY='free' ;;
    setup:--make-bundle) REPLY='free' ;;
    setup:--make-wheelhouse | setup:--wheelhouse) REPLY='folder' ;;
    :--base-path) REPLY='folder' ;;
    :--config | :--file | :--output) REPLY='file' ;;
    :--days | :--environment | :--set) REPLY='free' ;;
    :--format) REPLY='words text json csv xlsx html' ;;
    :--mode) REPLY='words append replace' ;;
    :--month) REPLY='month' ;;
    :--qc) REPLY='words file snowflake both skip' ;;
    :--table) REPLY='table' ;;
    *) return 1 ;;
  esac
}
# --- end of what is written ---

complete -F _snowflake_etl snowflake_etl.sh snowflake-etl
