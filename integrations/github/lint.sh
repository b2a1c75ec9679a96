#!/usr/bin/env bash
# Lints once: the log gets annotations, a file gets SARIF, and the step fails as the program does.
#
# In:  WSLINT                the program
#      WSLINT_PATHS          files or folders, one a line
#      WSLINT_ARGS           more arguments, one a line
#      WSLINT_FAIL_ON, WSLINT_OUTPUT_FORMAT, WSLINT_FIX
#      RUNNER_TEMP, GITHUB_OUTPUT, GITHUB_STEP_SUMMARY as the runner sets them
# Out: outputs `sarif`, `exit-status` and `changed`
set -euo pipefail

sarif=$(mktemp -d "${RUNNER_TEMP:-/tmp}/nginx-wslint.XXXXXX")/nginx-wslint.sarif
arguments=(--fail-on "$WSLINT_FAIL_ON" --output-format "$WSLINT_OUTPUT_FORMAT" --output-format "sarif=$sarif")
case $WSLINT_FIX in
    true) arguments+=(--fix) ;;
    false | '') ;;
    *)
        printf '::error title=nginx-wslint::fix is true or false\n'
        exit 2
        ;;
esac

# A line is one argument, whatever it holds; empty lines and carriage returns are a matter of how YAML was written.
lines() {
    local line
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line%$'\r'}
        [ -z "$line" ] || printf '%s\0' "$line"
    done <<< "$1"
}
while IFS= read -r -d '' argument; do arguments+=("$argument"); done < <(lines "$WSLINT_ARGS")
paths=()
while IFS= read -r -d '' path; do paths+=("$path"); done < <(lines "$WSLINT_PATHS")
[ "${#paths[@]}" -gt 0 ] || paths=(.)

# What the working tree differs in, before and after: only what this step wrote counts. Outside of git, nobody knows.
state() { { git status --porcelain=v1 -z && git diff; } 2> /dev/null | cksum || true; }
before=$(state)
status=0
"$WSLINT" "${arguments[@]}" -- "${paths[@]}" || status=$?
changed=false
[ "$WSLINT_FIX" = true ] && [ "$(state)" != "$before" ] && changed=true
{
    printf 'exit-status=%s\n' "$status"
    printf 'changed=%s\n' "$changed"
    [ ! -s "$sarif" ] || printf 'sarif=%s\n' "$sarif"
} >> "$GITHUB_OUTPUT"
exit "$status"
