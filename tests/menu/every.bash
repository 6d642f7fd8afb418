# shellcheck shell=bash
# Presses every entry of every menu, taken from the menu's own data, so that no new one can be forgotten.  Each entry is
# opened and left by ESC or Cancel (alternately), then opened and continued with Enter, and left from there by ESC step by step.
# Checked: no error, no byte beyond ASCII is sent, ESC and Cancel go one screen back, nothing is left at the end.
# Set MENU_TEST_FULL=1 for all terminals, sizes and locales, or to a single size ('80 24');
# MENU_TEST_BYTES=FILE records the bytes of each screen.

EVERY_DEPTH=3 # how many screens to continue with Enter from an entry

every_setup() { # after tmux_setup: puts a stand-in before each terminal program, which records the question it was asked
  local name
  EVERY_EVENTS=$BATS_TEST_TMPDIR/events
  EVERY_WIRE=$BATS_TEST_TMPDIR/wire
  : >"$EVERY_EVENTS"
  for name in dialog whiptail less; do
    helpers_program "$name" <<PROGRAM
#!/bin/bash
what=- default=yes
for word in "\$@"; do
  case \$word in
    --menu | --inputbox | --form | --yesno | --msgbox | --infobox | --checklist) what=\${word#--} ;;
    --defaultno) default=no ;;
    --) break ;;
  esac
done
[[ $name != less ]] || what=less
[[ \$what == infobox ]] || printf '%s %s\n' "\$what" "\$default" >>'$EVERY_EVENTS'
exec "$(PATH=/usr/bin:/bin command -v "$name")" "\$@"
PROGRAM
  done
  printf 'failed: nothing is known of it.\n' >"$FAKE/diagnosis"
  # Jobs end at once; the last answers are chosen so that Enter alone continues.
  touch "$FAKE/gate"
  printf 'planned: Delete 310 of 600 rows (51.7%%) from D.PUBLIC.FLIGHTS 2013-01\n' >"$FAKE/plan"
  printf 'FLIGHTS\nCARRIERS\n' >"$FAKE/tables"
  printf 'a\tb\n1\t2\n' >"$BATS_TEST_TMPDIR/x.tsv"
  mkdir -p "$ETL_STATE_DIR/preferences"
  for name in quality_file quality_with file; do
    printf '%s\n' "$BATS_TEST_TMPDIR/x.tsv" >"$ETL_STATE_DIR/preferences/$name"
  done
  helpers_source core settings jobs
  jobs_start load 'Load 2013-01' bash -c 'echo "error: it went wrong"; exit 5' 3>&-
  jobs_wait "$REPLY" 20 || true
}

every_walk() { # <back end> <columns> <rows>: TERM and TMUX_LOCALE are set by the caller
  local path
  helpers_source colors month setup ui log_viewer actions menus/screen
  for path in "$ROOT"/lib/menus/*.sh; do
    # shellcheck source=/dev/null
    [[ $path == */screen.sh ]] || source "$path"
  done
  _menus_main_entries
  export EDITOR=true VISUAL='' # changes nothing
  EVERY_UI=$1 EVERY_PRESSED=0
  export ETL_UI=$1
  tmux_start "$2" "$3" -- "$ROOT/snowflake_etl.sh"
  tmux -L "$TMUX_SOCKET" pipe-pane -o "cat >>'$EVERY_WIRE'"
  tmux_wait 'Main menu'
  EVERY_TITLE='' EVERY_SCREEN=''
  every_settle
  [[ $EVERY_TITLE == 'Main menu' ]] || every_fail 'this is not the main menu'
  "${EVERY_MENU:-every_menu}" main
  every_back # quits
  tmux_ended
  [[ $1 == plain || ($(tmux_screen) != *'Main menu'* && $(tmux_screen) != *'+--'*) ]]
  every_wire
}

every_menu() { # <screen>, which is on the terminal: each of its entries
  local screen=$1 title=$EVERY_ID name
  local -a shown
  local -i place step
  menus_screen_of "$screen"
  shown=("${MENUS_SHOWN[@]}")
  for ((place = 0; place < ${#shown[@]}; place += 3)); do
    [[ $screen.${shown[place]} != main.quit ]] || continue
    ((++EVERY_PRESSED))
    printf '%s > %s\n' "${title%%|*}" "${shown[place + 1]}"
    every_enter "${shown[place]}" $((place / 3))
    name=${screen}_${shown[place]}
    [[ $screen != main ]] || name=${shown[place]}
    if [[ -n ${MENUS_TITLES[$name]:-} ]] && ! declare -F "menus_$name" >/dev/null; then
      every_menu "$name"
      every_leave "$place"
    else
      every_deeper "$title"
      if [[ $EVERY_ID == "$title" && -n $EVERY_ENDED ]]; then
        every_enter "${shown[place]}" $((place / 3))
      fi
      # Consecutive questions may have the same title.
      for ((step = 0; step < 3; ++step)); do
        [[ $EVERY_ID == "$title" ]] || every_leave "$place"
      done
    fi
    every_is "$title"
  done
}

every_leave() { # <number>: leaves by ESC or by the button, alternately
  if (($1 / 3 % 2)); then
    every_cancel
  else
    every_back
  fi
}

every_deeper() { # <title and kind of the menu>: continues with Enter, then goes back by ESC to the entry's own screen, one screen per key
  local own=$EVERY_ID
  local -a titles=("${1%%|*}" "$EVERY_TITLE")
  local -i depth
  EVERY_ENDED=1 # ended by an answer, not by going back
  for ((depth = 0; depth < EVERY_DEPTH; ++depth)); do
    [[ $EVERY_WHAT != less && $EVERY_WHAT != live && $EVERY_WHAT != follow ]] || break
    every_on
    [[ $EVERY_ID != "$1" ]] || return 0
    titles+=("$EVERY_TITLE")
  done
  for (( ; depth >= 0; --depth)); do
    [[ $EVERY_ID != "$own" ]] || { EVERY_ENDED='' && return 0; }
    every_back
    [[ " ${titles[*]} " == *"$EVERY_TITLE"* ]] || every_fail "ESC led to a screen that was not on the way: ${titles[*]}"
    [[ $EVERY_ID != "$1" ]] || return 0
  done
  every_fail "after $EVERY_DEPTH times ESC it is neither '$own' nor '$1'"
}

every_on() { # presses Enter, or y in plain text
  if [[ $EVERY_UI.$EVERY_WHAT == plain.yesno ]]; then
    tmux_type y
  else
    tmux_keys Enter
  fi
  every_settle
}

every_enter() { # <tag> <index>: chooses the entry of the menu on the screen
  local -a keys=()
  local -i index
  if [[ $EVERY_UI == plain ]]; then
    tmux_type "$1"
  else
    keys=(PPage PPage)
    for ((index = 0; index < $2; ++index)); do
      keys+=(Down)
    done
    tmux_keys "${keys[@]}" Enter
  fi
  every_settle
}

every_back() { # presses ESC, or its equivalent in plain text
  case $EVERY_UI.$EVERY_WHAT in
    *.less | *.live | *.follow) tmux_keys q ;;
    plain.input) tmux_keys C-a C-k . Enter ;;
    plain.message) tmux_keys Enter ;;
    plain.*) tmux_keys Escape Enter ;;
    *) tmux_keys Escape ;;
  esac
  every_settle
}

every_cancel() { # presses the button, if there is one
  case $EVERY_UI.$EVERY_WHAT in
    plain.menu) tmux_keys C-d ;;
    dialog.yesno | whiptail.yesno)
      # If No is the default, the button is selected already.
      [[ $EVERY_BUTTON == no ]] || tmux_keys Tab
      tmux_keys Enter
      ;;
    dialog.menu) tmux_keys Right Enter ;;
    dialog.inputbox | dialog.form) tmux_keys Tab Tab Enter ;;
    whiptail.menu | whiptail.inputbox) tmux_keys Tab Tab Enter ;;
    *)
      every_back
      return
      ;;
  esac
  every_settle
}

every_settle() { # waits until the screen has changed and is stable; sets EVERY_SCREEN, EVERY_TITLE and EVERY_WHAT
  local before=$EVERY_SCREEN screen last='' line
  local -i attempt same=0 asked
  asked=${EVERY_ASKED:-0}
  for ((attempt = 0; attempt < 400; ++attempt)); do
    screen=$(tmux_screen)
    line=$(wc -l <"$EVERY_EVENTS")
    if [[ $screen == "$last" && ($screen != "$before" || $line -gt $asked) ]] && ! every_busy "$screen"; then
      if ((++same >= 2)); then
        EVERY_SCREEN=$screen
        every_what
        # A head line without a title below it means a half-painted screen.
        [[ -z $EVERY_TITLE && $EVERY_UI != plain && $screen == *'Snowflake ETL |'* ]] || break
      fi
    else
      same=0
    fi
    last=$screen
    sleep 0.03
  done
  ((attempt < 400)) || every_fail 'nothing new came within 12 s'
  EVERY_ASKED=$line
  [[ -z ${MENU_TEST_BYTES:-} ]] || every_bytes
  every_look
}

every_busy() { # <screen>: whether it says that something is running, or is half painted
  if [[ $EVERY_UI == plain ]]; then
    # Earlier output is still there, but the last line asks a question.
    local text=${1%"${1##*[![:space:]]}"}
    [[ ${text##*$'\n'} != '> .' ]] || return 0 # typed, but not yet read
    [[ ${text##*$'\n'} != *: && ${text##*$'\n'} != *'>'* && ${text##*$'\n'} != *'q back'* && ${text##*$'\n'} != *'goes back --' ]]
    return
  fi
  case $1 in
    *'One moment ...'* | *'Reading '*' ...'* | *'Looking at '*' ...'* | *'Asking the job'* | *'Removing '*' ...'*) return 0 ;;
  esac
  [[ ${1//[[:space:]]/} != '' ]]
  (($? != 0))
}

every_what() { # sets EVERY_WHAT and EVERY_TITLE from the screen and the newest event
  local line previous='' last
  EVERY_TITLE='' EVERY_WHAT=$(tail -n 1 "$EVERY_EVENTS")
  EVERY_BUTTON=${EVERY_WHAT#* } EVERY_WHAT=${EVERY_WHAT%% *}
  last=$(grep -v '^ *$' <<<"$EVERY_SCREEN" | tail -n 1)
  case $last in
    *'q back, / search'* | *'-- q goes back --'*) EVERY_WHAT=less ;;
    *'q back'*) EVERY_WHAT=live ;;
  esac
  [[ $EVERY_SCREEN != *'-- following job'* ]] || EVERY_WHAT=follow
  if [[ $EVERY_UI == plain ]]; then
    case $last in
      '> '* | '>' | *'] >'*) EVERY_WHAT=input ;;
      'Enter to go on:'*) EVERY_WHAT=message ;;
      *'? y or n'*) EVERY_WHAT=yesno ;;
      *' for '*':'*) EVERY_WHAT=menu ;;
    esac
  fi
  while IFS= read -r line; do
    case $EVERY_UI in
      plain) [[ $previous != ------* ]] || EVERY_TITLE=$line ;;
      *) [[ -n $EVERY_TITLE ]] || { [[ $line =~ (\+-+|l?q+u )([^-+|].*[^-[:space:]])(-+\+| tq+) ]] && EVERY_TITLE=${BASH_REMATCH[2]}; } ;;
    esac
    previous=$line
  done <<<"$EVERY_SCREEN"
  [[ $EVERY_WHAT != less && $EVERY_WHAT != live && $EVERY_WHAT != follow ]] || EVERY_TITLE="($EVERY_WHAT)"
  EVERY_TITLE=${EVERY_TITLE%% (*Down: more*}
  EVERY_ID="$EVERY_TITLE|$EVERY_WHAT"
}

every_bytes() { # records one line: back end, size, bytes since the previous screen, title
  local -i now
  now=$(wc -c <"$EVERY_WIRE")
  printf '%s\t%d\t%s\n' "$EVERY_UI" $((now - ${EVERY_BYTES:-0})) "$EVERY_TITLE" >>"$MENU_TEST_BYTES"
  EVERY_BYTES=$now
}

every_look() { # checks that no error is on the screen
  local word
  for word in 'command not found' 'unbound variable' 'syntax error' 'bad array' 'No such file' 'Plain text, because' Traceback \
    ': line ' 'Segmentation' 'not a valid'; do
    [[ $EVERY_SCREEN != *"$word"* ]] || every_fail "it says: $word"
  done
}

every_is() { # <title and kind>
  [[ $EVERY_ID == "$1" ]] || every_fail "this is '$EVERY_ID' and not '$1'"
}

every_fail() { # <sentence>: fails with it and the screen
  printf '%s\n%s\n' "$1" "$(tmux_screen)" >&2
  return 1
}

every_wire() { # checks that only ASCII was sent, and no error of the shell
  run -1 env LC_ALL=C grep -a -n $'[\x80-\xff]' "$EVERY_WIRE"
  run -1 grep -a -E 'unbound variable|command not found|syntax error|bad array' "$EVERY_WIRE"
  # shellcheck disable=SC2154 # the existing entries
  [[ -n ${EVERY_MENU:-} ]] || [ "$EVERY_PRESSED" -ge 40 ]
}

every_combinations() { # <back end> <columns> <rows> <TERM> <locale>: that combination, or all of the back end
  local size term locale
  local -i number=0
  if [[ -z ${MENU_TEST_FULL:-} ]]; then
    TERM=$4 TMUX_LOCALE=$5 every_walk "$1" "$2" "$3"
    return
  fi
  for size in '80 24' '132 43'; do
    [[ $MENU_TEST_FULL == 1 || $MENU_TEST_FULL == "$size" ]] || continue
    for term in screen linux; do
      for locale in C C.UTF-8; do
        ((++number == 1)) || tmux -L "$TMUX_SOCKET" kill-server
        printf '== %s %s %s %s\n' "$1" "$size" "$term" "$locale"
        # shellcheck disable=SC2086 # two numbers
        TERM=$term TMUX_LOCALE=$locale every_walk "$1" $size
      done
    done
  done
}
