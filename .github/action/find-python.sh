#!/usr/bin/env bash
# Looks for a Python that can run gitops-streams and make virtual environments; the output `path` is empty without one.
set -euo pipefail
: "${GITHUB_OUTPUT:?}"

if [[ ${RUNNER_OS:-} == Windows ]]; then
  echo '::error title=gitops-streams::runners on Windows are not supported: use ubuntu-latest'
  exit 1
fi

candidates=(python3 python3.14 python3.13 python3.12 python3.11 python)
if [[ -n ${GITOPS_STREAMS_PYTHON:-} ]]; then
  candidates=("$GITOPS_STREAMS_PYTHON") # see run.sh
fi
for candidate in "${candidates[@]}"; do
  found=$(command -v -- "$candidate") || continue
  if "$found" -I -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
    printf 'path=%s\n' "$found" >>"$GITHUB_OUTPUT"
    exit 0
  fi
done
