# shellcheck shell=bash
# Months as operators write them (layer 0), with arithmetic of our own, so that "last month" is right even on the 31st.
# Offers month_current month_previous month_parse.  ETL_TODAY=YYYY-MM-DD stands in for the clock.

month_current() { # -> REPLY: YYYY-MM
  if [[ ${ETL_TODAY:-} =~ ^[0-9]{4}-(0[1-9]|1[0-2])-[0-9]{2}$ ]]; then
    REPLY=${ETL_TODAY:0:7}
  else
    printf -v REPLY '%(%Y-%m)T' -1
  fi
}

month_previous() { # <YYYY-MM> -> REPLY: the month before
  local -i year=10#${1%-*} month=10#${1#*-}
  if ((--month == 0)); then
    month=12
    ((--year))
  fi
  printf -v REPLY '%04d-%02d' "$year" "$month"
}

month_parse() { # <YYYY-MM, MMYYYY, current or last> -> REPLY: YYYY-MM; 1 with a sentence in REPLY for anything else
  local word=${1//[[:blank:]]/}
  case ${word,,} in
    current) month_current && return ;;
    last) month_current && month_previous "$REPLY" && return ;;
  esac
  if [[ $word =~ ^([0-9]{4})-([0-9]{2})$ ]]; then
    REPLY=$word
  elif [[ $word =~ ^([0-9]{2})([0-9]{4})$ ]]; then
    REPLY=${BASH_REMATCH[2]}-${BASH_REMATCH[1]}
  else
    REPLY="'$1' is not a month. Write YYYY-MM (2024-01), MMYYYY (012024), current or last."
    return 1
  fi
  if [[ ! ${REPLY#*-} =~ ^(0[1-9]|1[0-2])$ ]]; then
    REPLY="There is no month ${REPLY#*-} in a year. Write YYYY-MM (2024-01) or MMYYYY (012024)."
    return 1
  elif [[ ! $REPLY =~ ^(19|20|21) ]]; then
    REPLY="The year ${REPLY%-*} is outside 1900 to 2199. Write YYYY-MM (2024-01) or MMYYYY (012024)."
    return 1
  fi
}
