#!/usr/bin/env bash
# Runs gitops-streams from the Action's own checkout, on exactly the packages that requirements/action.txt locks.
#
# GS_PYTHON              the interpreter that find-python.sh or setup-python has found
# GITOPS_STREAMS_PYTHON  set by the owner of a runner: an interpreter that has these packages already; nothing is downloaded
# GS_*                   the inputs; `gitops-streams github-action` reads them
set -euo pipefail
: "${GITHUB_ACTION_PATH:?}" "${RUNNER_TEMP:?}"

# Runs a command that has no business with the tokens.
without_tokens() {
  env -u GS_TOKEN -u GS_BRANCH_TOKEN -u GS_WORKFLOW_TOKEN "$@"
}

requirements=$GITHUB_ACTION_PATH/requirements/action.txt

if [[ -n ${GITOPS_STREAMS_PYTHON:-} ]]; then
  python=$GITOPS_STREAMS_PYTHON
else
  if [[ -z ${GS_PYTHON:-} ]]; then
    echo '::error title=gitops-streams::there is no Python 3.11 or newer, and actions/setup-python has brought none'
    exit 1
  fi
  # Steps of one job share the environment as long as they lock the same.
  key=$("$GS_PYTHON" -I -c '
import hashlib, pathlib, sys
print(hashlib.sha256(sys.version.encode() + pathlib.Path(sys.argv[1]).read_bytes()).hexdigest()[:16])
' "$requirements")
  environment=$RUNNER_TEMP/gitops-streams-$key
  python=$environment/bin/python
  if [[ ! -e $environment/.complete ]]; then
    echo "::group::Install gitops-streams' dependencies"
    without_tokens "$GS_PYTHON" -I -m venv --clear "$environment"
    # Wheels alone: no package runs code of its own while it is installed.
    without_tokens "$python" -I -m pip install --quiet --no-input --disable-pip-version-check \
      --require-hashes --no-deps --only-binary :all: --requirement "$requirements"
    echo '::endgroup::'
    : >"$environment/.complete"
  fi
fi

# -I: neither the working directory (the user's repository) nor PYTHONPATH is searched for modules. One stream, so
# that nothing on stderr is read between a command to the runner and the next.
exec "$python" -I -c '
import runpy, sys
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module("gitops_streams", run_name="__main__", alter_sys=True)
' "$GITHUB_ACTION_PATH" github-action 2>&1
