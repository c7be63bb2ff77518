#!/usr/bin/env bash
# Install what the tests need beyond Python's packages, on Debian 12 or later.
#
# Only what is missing is installed; where nothing is, apt is not even asked, and
# no root is needed. The packages' own services are not started: the tests start
# servers of their own, each in a temporary folder, and end them.
set -euo pipefail

# A package, and a command that works only where it is installed.
NEEDS=(
  "bubblewrap       command -v bwrap"
  "chromium         command -v chromium"
  "git              command -v git"
  "make             command -v make"
  "mariadb-server   command -v mariadbd"
  "openssh-client   command -v ssh-keyscan"
  "openssh-server   command -v sshd"
  "passwd           command -v useradd"
  "python3          command -v python3"
  "python3-venv     python3 -c 'import ensurepip'"
  "rabbitmq-server  command -v rabbitmq-server"
  "redis-server     command -v redis-server"
  "sudo             command -v sudo"
)
POLICY=/usr/sbin/policy-rc.d

main() {
  export PATH="$PATH:/usr/sbin:/sbin"
  local missing
  mapfile -t missing < <(missing_packages)
  if [ ${#missing[@]} -eq 0 ]; then
    echo "All packages that the tests need are installed."
    return
  fi
  if [ "$(id -u)" -ne 0 ]; then
    echo "Missing: ${missing[*]}. Run this script as root, or install them with apt-get." >&2
    exit 1
  fi
  install "${missing[@]}"
}

missing_packages() {
  local need package probe
  for need in "${NEEDS[@]}"; do
    read -r package probe <<<"$need"
    bash -c "$probe" >/dev/null 2>&1 || echo "$package"
  done
}

install() {
  export DEBIAN_FRONTEND=noninteractive
  echo "Installing: $*"
  keep_services_stopped
  quietly apt-get -o Acquire::Retries=3 update
  quietly apt-get -o Acquire::Retries=3 install --yes --no-install-recommends "$@"
}

# A package asks this file whether it may start its service; 101 means no.
keep_services_stopped() {
  [ -e "$POLICY" ] && return
  trap 'rm -f "$POLICY"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$POLICY"
  chmod 755 "$POLICY"
}

# Say something only when it goes wrong: a log of CI is read from its end.
quietly() {
  local output
  output=$("$@" </dev/null 2>&1) || { echo "$output" >&2; echo "failed: $*" >&2; exit 1; }
}

main
