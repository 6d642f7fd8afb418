# shellcheck shell=bash disable=SC2034 # JOBS_PREVIOUS and so on are read by others
# Compares what a job left behind with the run before it (part of jobs.sh, layer 2).
# Offers jobs_previous jobs_compare jobs_report jobs_first_error.  It reads result.json as Python's json.dumps with
# indent=2 writes it: one member per line, the result's own members indented by two blanks.

# What the log's first error looks like: our own lines, Python's, the shell's.
JOBS_ERROR_PATTERN='^(error|failed|problems|refused): |(Z |[+]00:00 |^)(ERROR|CRITICAL|FATAL)[ :]|^Traceback |^[A-Za-z_.]+(Error|Exception)(:|$)|: (error|command not found|No such file or directory)'
JOBS_ERROR_BYTES=33554432 # of a longer log only this much of its end is searched

jobs_previous() { # <id> -> REPLY: the previous run of the same command, else of the same verb; 1 when there is none
  local id verb wanted other='' found=''
  _jobs_compare_words "$1"
  wanted=$REPLY
  verb=${1#*-*-}
  verb=${verb%-*}
  jobs_ids
  for id in "${JOBS_IDS[@]}"; do
    if [[ $id == "$1" ]]; then
      found=1
      continue
    fi
    # Within one second, names do not say which job was first.
    [[ -n $found && $id == *-"$verb"-* && -e $ETL_STATE_DIR/jobs/$id/exit_code ]] || continue
    _jobs_compare_words "$id"
    if [[ $REPLY == "$wanted" ]]; then
      REPLY=$id
      return 0
    fi
    other=${other:-$id}
  done
  REPLY=$other
  [[ -n $other ]]
}

jobs_compare() { # <id> [id of another run] -> REPLY: both side by side; 7 with a sentence when there is no other
  local this=$1 other=${2:-} words message name
  local -A before=()
  local -a names=()
  if [[ -z $other ]]; then
    if ! jobs_previous "$this"; then
      REPLY="There is no earlier run of this command that has ended, nor of its verb."
      return "$ETL_EXIT_REFUSED"
    fi
    other=$REPLY
  fi
  _jobs_compare_words "$other"
  words=$REPLY
  _jobs_compare_facts "$other" || return
  message=$JOB_MESSAGE
  names=("${JOBS_FACT_NAMES[@]}")
  for name in "${names[@]}"; do
    before[$name]=${JOBS_FACTS[$name]}
  done
  _jobs_compare_facts "$this" || return
  for name in "${JOBS_FACT_NAMES[@]}"; do
    [[ -n ${before[$name]+set} ]] || names+=("$name")
  done
  _jobs_compare_table "$this" "$other"
  _jobs_compare_words "$this"
  [[ $words == "$REPLY" ]] || JOBS_TABLE+=$'\n''Their commands are not the same: see both with "jobs show".'$'\n'
  [[ -z $JOB_MESSAGE ]] || JOBS_TABLE+=$'\n'"This run: $JOB_MESSAGE"$'\n'
  [[ -z $message ]] || JOBS_TABLE+=$'\n'"Before: $message"$'\n'
  REPLY=${JOBS_TABLE%$'\n'}
}

jobs_report() { # <id> -> REPLY: the report file that it wrote; 1 when it wrote none, or the file is gone
  local -a words=()
  local directory='' path='' word take=''
  { mapfile -d '' -t words <"$ETL_STATE_DIR/jobs/$1/command"; } 2>/dev/null || :
  { IFS= read -r -d '' directory <"$ETL_STATE_DIR/jobs/$1/directory"; } 2>/dev/null || :
  for word in "${words[@]}"; do
    [[ -z $take ]] || path=$word
    take=''
    case $word in
      --output) take=1 ;;
      --output=*) path=${word#*=} ;;
    esac
  done
  [[ -n $path ]] || return 1
  [[ $path == /* ]] || path=${directory%$'\n'}/$path
  [[ -f $path && -r $path ]] || return 1
  REPLY=$path
}

jobs_first_error() { # <id> -> REPLY: the first line of its log that looks like an error, JOBS_ERROR_OFFSET: its place; 1 if none
  local LC_ALL=C log=$ETL_STATE_DIR/jobs/$1/output.log line=''
  local -i size skip=0
  REPLY='' JOBS_ERROR_OFFSET=0
  [[ -s $log ]] || return 1
  size=$(stat -L -c %s -- "$log" 2>/dev/null) || return 1
  # The first line is the command, which may contain the word "error" too.
  { IFS= read -r -n 65536 line <"$log"; } 2>/dev/null
  [[ $line != '$ '* ]] || skip=${#line}
  ((size - skip <= JOBS_ERROR_BYTES)) || skip=$((size - JOBS_ERROR_BYTES))
  # grep reads to the end of its input only when nothing matches.
  line=$(tail -c +$((skip + 1)) -- "$log" 2>/dev/null | grep -a -b -m 1 -E -- "$JOBS_ERROR_PATTERN" | head -c 2000 | tr -d '\0')
  [[ $line == [0-9]*:* ]] || return 1
  JOBS_ERROR_OFFSET=$((skip + ${line%%:*}))
  core_printable "${line#*:}"
}

_jobs_compare_words() { # <id> -> REPLY: its command, words separated by newlines
  local -a words=()
  { mapfile -d '' -t words <"$ETL_STATE_DIR/jobs/$1/command"; } 2>/dev/null || :
  printf -v REPLY '%q\n' "${words[@]}"
}

_jobs_compare_facts() { # <id>: sets JOBS_FACTS and the order of their names; 2 with a sentence when the job is gone
  local name value
  declare -gA JOBS_FACTS=()
  JOBS_FACT_NAMES=(started state seconds)
  jobs_read "$1" || return
  printf -v value '%(%Y-%m-%d %H:%M)T' "$JOB_BEGAN_AT"
  JOBS_FACTS[started]=$value
  JOBS_FACTS[state]="$JOB_STATE${JOB_EXIT_CODE:+ (exit $JOB_EXIT_CODE)}"
  JOBS_FACTS[seconds]=$((JOB_FINISHED_AT > 0 ? JOB_FINISHED_AT - JOB_BEGAN_AT : 0))
  [[ -r $JOB_DIR/result.json ]] || return 0
  while IFS=$'\t' read -r name value; do
    JOBS_FACT_NAMES+=("$name")
    JOBS_FACTS[$name]=$value
  done < <(_jobs_compare_result "$JOB_DIR/result.json")
}

_jobs_compare_result() { # <result.json> -> standard output: name, tab and number of everything it counts
  LC_ALL=C awk '
    function number() { match($0, /: -?[0-9]+/); return substr($0, RSTART + 2, RLENGTH - 2) + 0 }
    function add(name, value) { if (!(name in sum)) order[++names] = name; sum[name] += value }
    # The results of a batch are a list, indented by two more blanks.
    NR == 1 { step = /^\[/ ? 4 : 2 }
    { indent = match($0, /[^ ]/) - 1 }
    inside {
      if (indent == inside + 1 && /^ *\{/) add("findings", 1)
      if (indent == inside - 1) inside = 0
      next
    }
    /^ *"findings": \[/ { add("findings", 0); if (/\[$/) inside = indent + 1; next }
    indent == step && /^ *"[a-z_]+": / {
      name = $1; gsub(/[":]/, "", name)
      list = /[\[{]$/ ? name : ""
      if (/: -?[0-9]+,?$/ && name != "exit_code" && name != "version") { gsub(/_/, " ", name); add(name, number()) }
    }
    indent == step + 4 && (list == "checks" || list == "tables") && /^ *"rows": [0-9]+,?$/ { add("rows in " list, number()) }
    indent == step + 4 && list == "phases" && /^ *"name": "[a-z ]+"/ { phase = $0; sub(/^ *"name": "/, "", phase); sub(/".*/, "", phase) }
    indent == step + 4 && list == "phases" && /^ *"seconds": / { add("seconds of " phase, number()) }
    END { for (i = 1; i <= names; ++i) printf "%s\t%d\n", order[i], sum[order[i]] }
  ' "$1" 2>/dev/null
}

_jobs_compare_table() { # <id> <other id>: sets JOBS_TABLE from names, JOBS_FACTS and before of jobs_compare
  local name this other change line
  printf -v JOBS_TABLE 'This run  %s\nBefore    %s\n\n%-24s %17s %17s %12s\n' "$1" "$2" '' 'this run' before change
  for name in "${names[@]}"; do
    this=${JOBS_FACTS[$name]:-} other=${before[$name]:-} change=''
    if [[ $this =~ ^-?[0-9]{1,18}$ && $other =~ ^-?[0-9]{1,18}$ ]] && ((this != other)); then
      _jobs_compare_number $((this - other))
      change=$REPLY
      [[ $change == -* ]] || change=+$change
    fi
    _jobs_compare_number "$this"
    this=$REPLY
    _jobs_compare_number "$other"
    printf -v line '%-24s %17s %17s %12s' "${name:0:24}" "$this" "$REPLY" "$change"
    JOBS_TABLE+="${line%"${line##*[! ]}"}"$'\n'
  done
}

_jobs_compare_number() { # <text> -> REPLY: with commas between thousands when it is a whole number
  local rest=$1 sign=''
  REPLY=$1
  [[ $1 =~ ^-?[0-9]{4,18}$ ]] || return 0
  [[ $rest != -* ]] || sign=- rest=${rest#-}
  REPLY=''
  while ((${#rest} > 3)); do
    REPLY=,${rest: -3}$REPLY
    rest=${rest:0:${#rest}-3}
  done
  REPLY=$sign$rest$REPLY
}
