#!/usr/bin/env bash
# Run one scan with an inventory of its own, forgotten afterwards, and hand on its exit code.
set -euo pipefail

sarif="${AICENSUS_ACTION_SARIF:-aicensus.sarif}"
base="${AICENSUS_ACTION_BASE:-}"
fail_on="${AICENSUS_ACTION_FAIL_ON:-new}"
# Without anything to compare with, all of it would be new.
[[ "$fail_on" != new || -n "$base${AICENSUS_ACTION_BASELINE:-}" ]] || fail_on=none
arguments=(scan --fresh --no-progress --fail-on "$fail_on" --sarif "$sarif" --no-suppressed)
[[ -z "${GITHUB_STEP_SUMMARY:-}" ]] || arguments+=(--summary "$GITHUB_STEP_SUMMARY")
[[ -z "$base" ]] || arguments+=(--diff "$base")
[[ -z "${AICENSUS_ACTION_BASELINE:-}" ]] || arguments+=(--baseline "$AICENSUS_ACTION_BASELINE")
[[ -z "${AICENSUS_ACTION_CONFIG:-}" ]] || arguments+=(--config "$AICENSUS_ACTION_CONFIG")

targets=()
while IFS= read -r target; do
  [[ -z "$target" ]] || targets+=("$target")
done <<< "${AICENSUS_ACTION_TARGETS:-.}"

code=0
aicensus "${arguments[@]}" -- "${targets[@]:-.}" || code=$?

{
  echo "exit-code=$code"
  # Without findings to show there may be no file: a mistake in the options ends the scan before.
  [[ ! -f "$sarif" ]] || echo "sarif=$sarif"
} >> "${GITHUB_OUTPUT:-/dev/null}"

case "$code" in
  0) ;;
  1) echo "::error title=aicensus::New AI, or an open alert, that --fail-on asks about; see the job summary." ;;
  3) echo "::warning title=aicensus::Something could not be read; what was read is reported." ;;
  *) echo "::error title=aicensus::The scan did not run (exit code $code)." ;;
esac
[[ "$code" == 3 ]] || exit "$code"
