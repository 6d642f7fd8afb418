# shellcheck shell=bash disable=SC2034 # every.bash reads what is set here
# Presses Ctrl-C, Ctrl-D and Ctrl-Z and resizes the terminal on each screen in the menu's own data (source after every.bash).
# Every screen is opened at 100x30, resized to 80x24, stopped there, continued at 100x30, and left by Ctrl-C, the next time by Ctrl-D.
# The box has to fit each time; in dialog the first arrow must act as an arrow; in plain text the last line asks again.
# Required: the same question is back, a key goes back one screen at most, nothing is left over or stopped.
# By default only the first entry of the menus in EVERY_ROUGH, which cover every kind of question; with MENU_TEST_FULL=1 all entries.

EVERY_ROUGH=${EVERY_ROUGH:-operations jobs help} # of the main menu

every_rough_walk() { # <back end>
  local tty
  EVERY_MENU=every_rough_menu
  TERM=screen TMUX_LOCALE=C every_walk "$1" 100 30
  tmux_type 'clear; jobs; stty -a | grep -ow -e "-\?echo" -e "-\?icanon" -e "-\?isig" -e "intr = ^C" -e "susp = ^Z" | tr "\n" ,'
  tmux_wait 'intr = ^C,susp = ^Z,isig,icanon,echo,'
  [[ $(tmux_screen) != *Stopped* ]]
  tty=$(tmux -L "$TMUX_SOCKET" display-message -p '#{pane_tty}')
  run -1 grep T < <(ps -o stat= -t "${tty#/dev/}")
}

every_rough_menu() { # <screen>, which is on the terminal
  local screen=$1 title=$EVERY_ID name key
  local -a shown
  local -i place
  every_rough_stays
  menus_screen_of "$screen"
  shown=("${MENUS_SHOWN[@]}")
  for ((place = 0; place < ${#shown[@]}; place += 3)); do
    [[ $screen.${shown[place]} != main.quit ]] || continue
    name=${screen}_${shown[place]}
    [[ $screen != main ]] || name=${shown[place]}
    every_rough_wanted "$screen" "${shown[place]}" "$place" || continue
    if [[ -n ${MENUS_TITLES[$name]:-} ]] && ! declare -F "menus_$name" >/dev/null; then
      every_enter "${shown[place]}" $((place / 3))
      every_rough_menu "$name"
      every_rough_key C-c
      every_is "$title"
      every_enter "${shown[place]}" $((place / 3))
      every_rough_key C-d
    else
      printf '%s > %s\n' "${title%%|*}" "${shown[place + 1]}"
      for key in C-c C-d; do
        # whiptail's questions ignore both keys: one round is enough, except for a list that refreshes itself.
        [[ $key == C-c || $screen == main || $EVERY_UI != whiptail ]] || continue
        every_enter "${shown[place]}" $((place / 3))
        every_rough_deeper "$title" "$key"
        every_is "$title"
      done
    fi
    every_is "$title"
  done
}

every_rough_wanted() { # <screen> <tag> <place>
  [[ -z ${MENU_TEST_FULL:-} ]] || return 0
  if [[ $1 == main ]]; then
    [[ " $EVERY_ROUGH " == *" $2 "* ]]
  else
    (($3 == 0))
  fi
}

every_rough_deeper() { # <title and kind of the menu> <key>: continues with Enter as far as possible, then goes back to the menu by the key
  local -a ids=("$1" "$EVERY_ID")
  local -i depth
  for ((depth = 0; ; ++depth)); do
    [[ $2 != C-c ]] || every_rough_stays
    [[ $depth -lt $EVERY_DEPTH && $EVERY_WHAT != less && $EVERY_WHAT != live && $EVERY_WHAT != follow ]] || break
    if [[ $EVERY_UI == plain ]]; then # a list that refreshes may print the same again, and fill the terminal with it
      tmux -L "$TMUX_SOCKET" send-keys -R
      EVERY_SCREEN=''
    fi
    every_on
    [[ $EVERY_ID != "$1" ]] || return 0
    ids+=("$EVERY_ID")
  done
  for (( ; depth >= -4; --depth)); do
    every_rough_key "$2"
    [[ $EVERY_ID != "$1" ]] || return 0
    [[ " ${ids[*]%%|*} " == *"$EVERY_TITLE"* ]] || every_fail "$2 led to a screen that was not on the way: ${ids[*]}"
  done
  every_fail "$2 does not lead back to '$1'"
}

every_rough_key() { # <C-c or C-d>: goes one screen back if the back end reacts to it; otherwise nothing may happen, and ESC goes back
  local id=$EVERY_ID
  case $EVERY_UI.$EVERY_WHAT in
    *.less) # a pager does not end on either key
      tmux_keys "$1"
      every_rough_again "$id"
      every_back
      ;;
    *.follow) # news of the job are not a reaction to the key
      tmux_keys "$1"
      until
        every_settle
        [[ $EVERY_WHAT != follow && $EVERY_WHAT != less ]]
      do :; done
      ;;
    whiptail.live | dialog.* | plain.*)
      tmux_keys "$1"
      every_settle
      ;;
    *) every_back ;; # every_rough_stays has already pressed it
  esac
}

every_rough_stays() { # does what must not change the screen; the size is restored while the menu is stopped
  local id=$EVERY_ID
  tmux_resize 80 24
  every_rough_again "$id"
  if every_rough_deaf; then
    tmux_resize 100 30
    every_rough_again "$id"
    tmux_keys C-z C-c C-d
    every_rough_again "$id"
    return
  fi
  tmux_keys C-z
  tmux_wait Stopped 'ready>'
  tmux_resize 100 30
  tmux_type 'clear; fg'
  if [[ $EVERY_UI == plain && $id == *'|input' ]]; then
    tmux_last '(a key shows what was typed)'
    tmux_keys C-e
  fi
  every_rough_again "$id"
  [[ $EVERY_UI != dialog || $id != *'|menu' ]] || every_rough_arrow "$id"
}

every_rough_arrow() { # <title and kind>: checks that Down is an arrow key again, not ESC
  local -i asked
  asked=$(wc -l <"$EVERY_EVENTS")
  # The terminal tells the mode of its arrow keys, so that we need not wait for something that does not happen.
  until [[ $(tmux -L "$TMUX_SOCKET" display-message -p '#{keypad_cursor_flag}') == 1 ]]; do
    sleep 0.03
  done
  tmux_keys Down Up
  every_rough_again "$1"
  ((asked == $(wc -l <"$EVERY_EVENTS"))) || every_fail 'an arrow was taken for ESC'
}

every_rough_deaf() { # newt switches these keys off
  [[ $EVERY_UI == whiptail && $EVERY_WHAT != less && $EVERY_WHAT != live && $EVERY_WHAT != follow ]]
}

every_rough_again() { # <title and kind>: waits until that screen is there, fully painted and stable
  local screen last=''
  local -i attempt same=0
  for ((attempt = 0; attempt < 400; ++attempt)); do
    screen=$(tmux_screen)
    if [[ $screen == "$last" ]] && every_rough_is "$1" "$screen"; then
      ((++same < 2)) || break
    else
      same=0
    fi
    last=$screen
    sleep 0.03
  done
  ((attempt < 400)) || every_fail "'$1' is not there (again)"
  EVERY_SCREEN=$screen
  EVERY_ASKED=$(wc -l <"$EVERY_EVENTS") # after a resize whiptail is asked again
}

every_rough_is() { # <title and kind> <screen>: whether the screen shows it
  local EVERY_SCREEN=$2 EVERY_TITLE EVERY_WHAT EVERY_ID EVERY_BUTTON
  [[ ${2##*ready>} == *[![:space:]]* && $2 != *'clear; fg'* ]] || return 1 # the shell has not resumed it yet
  every_what
  # The head of a followed log scrolls away; its last line remains.
  [[ $1 != *follow || $EVERY_WHAT != less ]] || return 0
  if [[ $EVERY_UI == whiptail && ($EVERY_WHAT == inputbox || $EVERY_WHAT == checklist) ]]; then
    # Never repainted, so that typed text stays: the end of its title may be cut off.
    [[ $1 == "$EVERY_TITLE"*"|$EVERY_WHAT" ]]
    return
  fi
  [[ $EVERY_UI == plain || $EVERY_TITLE == '('* ]] || every_rough_fits || return
  # On a narrower terminal only the end of a title remains; in plain text only the last line is repeated.
  [[ $EVERY_TITLE != ...* || $1 != *"${EVERY_ID#...}" ]] || return 0
  [[ $EVERY_ID == "$1" || ($EVERY_UI == plain && $EVERY_WHAT == "${1##*|}") ]]
}

every_rough_fits() { # whether the box's last line is visible, in ASCII or in the terminal's own line characters
  local text=${EVERY_SCREEN%"${EVERY_SCREEN##*[![:space:]]}"}
  [[ ${text##*$'\n'} =~ ^\ *(\+-+\+|mq+j)$ ]]
}
