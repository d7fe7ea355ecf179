# Long steps with visible progress, for deploy/quickstart and tests/run. Sourced, not run.
#
#   steps::run TITLE LOG COMMAND [ARG...]
#
# runs COMMAND with its output in LOG and says every so often how far it is: the last "[done/total]"
# that the command printed and the seconds that have passed. When it fails, prints the last lines of
# the log and where the whole of it is, and returns the command's exit status. Every call is recorded
# for steps::summary. COMMAND may be a shell function; it gets no standard input and runs in a process
# group of its own, so that steps::stop (called when the script is interrupted) ends all of it.

STEPS_TAIL_LINES=${STEPS_TAIL_LINES:-30}
STEPS_HEARTBEAT_SECONDS=${STEPS_HEARTBEAT_SECONDS:-20}

steps_titles=()
steps_outcomes=()
steps_seconds=()
steps_running_pid=

# steps::record TITLE OUTCOME SECONDS: one more line of the summary.
steps::record() {
  steps_titles+=("$1")
  steps_outcomes+=("$2")
  steps_seconds+=("$3")
}

steps::duration() {
  local seconds=$1
  if (( seconds >= 60 )); then
    printf '%d min %02d s' $(( seconds / 60 )) $(( seconds % 60 ))
  else
    printf '%d s' "$seconds"
  fi
}

# The last "[12/345]" that a build tool, or "12/345 Test" that ctest, wrote to the log; empty if none.
steps::progress_in() {
  tail -c 20000 "$1" 2>/dev/null | tr '\r' '\n' | awk '
    match($0, /^\[[0-9]+\/[0-9]+\]/) { last = substr($0, 2, RLENGTH - 2) }
    match($0, /^ *[0-9]+\/[0-9]+ Test/) { last = substr($0, 1, RLENGTH - 5); gsub(/ /, "", last) }
    END { print last }'
}

steps::run() {
  local title=$1 log=$2
  shift 2
  mkdir -p "$(dirname "$log")"
  : > "$log"
  local began=$SECONDS spoken=$SECONDS status=0 elapsed progress
  printf '%s ...\n' "$title"

  # Job control only around the start: that gives the command a process group of its own.
  set -m
  ( "$@" ) < /dev/null > "$log" 2>&1 &
  steps_running_pid=$!
  set +m
  while kill -0 "$steps_running_pid" 2>/dev/null; do
    if (( SECONDS - began < 2 )); then sleep 0.1; else sleep 1; fi
    elapsed=$(( SECONDS - began ))
    if [[ -t 1 ]]; then
      if (( elapsed >= 2 )); then
        progress=$(steps::progress_in "$log")
        printf '\r\033[K  %s%s' "${progress:+$progress, }" "$(steps::duration "$elapsed")"
      fi
    elif (( SECONDS - spoken >= STEPS_HEARTBEAT_SECONDS )); then
      spoken=$SECONDS
      progress=$(steps::progress_in "$log")
      printf '  %s%s\n' "${progress:+$progress, }" "$(steps::duration "$elapsed")"
    fi
  done
  if [[ -t 1 ]]; then printf '\r\033[K'; fi
  wait "$steps_running_pid" || status=$?
  steps_running_pid=

  elapsed=$(( SECONDS - began ))
  if (( status == 0 )); then
    steps::record "$title" ok "$elapsed"
    printf '  done in %s\n' "$(steps::duration "$elapsed")"
  else
    steps::record "$title" FAILED "$elapsed"
    printf '  FAILED after %s (exit %d). The last %d lines of %s:\n' \
      "$(steps::duration "$elapsed")" "$status" "$STEPS_TAIL_LINES" "$log"
    tail -n "$STEPS_TAIL_LINES" "$log" | sed 's/^/  | /'
  fi
  return "$status"
}

# Ends the step that is running, with everything that it started.
steps::stop() {
  if [[ -n $steps_running_pid ]]; then
    kill -TERM -- "-$steps_running_pid" 2>/dev/null || true
    steps_running_pid=
  fi
}

steps::summary() {
  local i
  printf '\n%-58s %-8s %s\n' 'Step' 'Result' 'Time'
  for i in "${!steps_titles[@]}"; do
    printf '%-58s %-8s %s\n' "${steps_titles[i]}" "${steps_outcomes[i]}" \
      "$(steps::duration "${steps_seconds[i]}")"
  done
}
