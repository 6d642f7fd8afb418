#!/usr/bin/env bats
# Months in bash: the same words as in Python, and no "date -d".
# shellcheck disable=SC2016,SC2034 # hostile words stay as they are; month.sh reads ETL_TODAY

load helpers

setup() {
  helpers_setup
  helpers_source core month
}

@test "month: last month is right on every last day of a month" {
  local day
  for day in 2024-03-31:2024-02 2023-03-31:2023-02 2024-01-31:2023-12 2024-05-31:2024-04 2024-12-31:2024-11 2024-10-09:2024-09; do
    ETL_TODAY=${day%:*}
    month_current
    [ "$REPLY" = "${ETL_TODAY:0:7}" ]
    month_previous "$REPLY"
    [ "$REPLY" = "${day#*:}" ]
  done
}

@test "month: without ETL_TODAY it is the clock's month" {
  month_current
  [ "$REPLY" = "$(date +%Y-%m)" ]
}

@test "month: both ways of writing it are read, blanks around it do not matter" {
  ETL_TODAY=2024-03-31
  month_parse 2024-01 && [ "$REPLY" = 2024-01 ]
  month_parse 012024 && [ "$REPLY" = 2024-01 ]
  month_parse ' 2024-08 ' && [ "$REPLY" = 2024-08 ]
  month_parse LAST && [ "$REPLY" = 2024-02 ]
  month_parse current && [ "$REPLY" = 2024-03 ]
}

@test "month: what is no month gets a sentence that says how to write one" {
  local word
  for word in '' 13 2024-13 132024 2024-00 2024-1 24-01 1899-12 2200-01 '2024-01;id' $'2024-01\n2024-02' '$(touch x)'; do
    run month_parse "$word"
    [ "$status" -eq 1 ]
    month_parse "$word" || [[ $REPLY == *"Write YYYY-MM"* ]]
  done
  [ ! -e x ]
}
