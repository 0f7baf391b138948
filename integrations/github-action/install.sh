#!/usr/bin/env bash
# Install aicensus into an environment of its own and put it on the PATH of the steps that follow.
# A version is installed as released; without one, the checkout that this action comes from, with every
# dependency checked by its hash.
set -euo pipefail

environment="${RUNNER_TEMP:?}/aicensus"
version="${AICENSUS_ACTION_VERSION:-}"
checkout="$(cd "${GITHUB_ACTION_PATH:?}/../.." && pwd)"

"${AICENSUS_ACTION_PYTHON:-python3}" -m venv "$environment"
pip=("$environment/bin/python" -m pip install --quiet --disable-pip-version-check)

if [[ -n "$version" ]]; then
  if [[ ! "$version" =~ ^[0-9]+(\.[0-9]+){1,3}((a|b|rc)[0-9]+)?$ ]]; then
    echo "::error title=aicensus::the input version is not a version such as 0.1.0"
    exit 2
  fi
  "${pip[@]}" "aicensus==$version"
else
  "${pip[@]}" --require-hashes -r "$checkout/requirements-runtime.lock"
  "${pip[@]}" --no-deps "$checkout"
fi

echo "$environment/bin" >> "${GITHUB_PATH:?}"
