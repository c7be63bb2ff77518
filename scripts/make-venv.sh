#!/usr/bin/env bash
# Make the virtual environment, or say in a sentence what the machine lacks.
#
# usage: make-venv.sh PYTHON FOLDER
set -euo pipefail
python=$1 folder=$2

refuse() {
  echo "$*" >&2
  exit 1
}

command -v "$python" >/dev/null || refuse "Python 3.11 or later is needed: apt install python3"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  refuse "Python 3.11 or later is needed; $python is $("$python" --version 2>&1). Try: make PYTHON=python3.11 run"
"$python" -c 'import venv, ensurepip' 2>/dev/null ||
  refuse "Python's venv module is not installed: apt install python3-venv"

echo "Making the virtual environment …"
"$python" -m venv "$folder"
