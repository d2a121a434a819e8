#!/usr/bin/env bash
# Installs what the tests end to end need, as far as this machine and its user allow, within eleven minutes at the most.
# It always succeeds: tests that miss something are skipped, and say what.
set -uo pipefail
here=${1:-${BASH_SOURCE[0]%/*}}
exec </dev/null

tell() { printf 'end to end: %s\n' "$*" >&2; }

missing() {
  local name path
  while read -r name path; do [ -e "$path" ] || printf '%s\n' "$name"; done <"$here/packages"
}

apt() {
  local seconds=$1
  shift
  DEBIAN_FRONTEND=noninteractive timeout --kill-after=10 "$seconds" apt-get -q -o Acquire::Retries=1 \
    -o Acquire::http::Timeout=20 -o DPkg::Lock::Timeout=60 "$@" >/dev/null
}

# Packages ask this file whether they may start their services; 101 is no. What the tests need they start themselves.
policy=/usr/sbin/policy-rc.d
forbid_services() {
  [ -e "$policy" ] && return
  trap 'rm -f "$policy"' EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
}

# To be cut short while it loads does no harm, so that has a time of its own.
install() {
  forbid_services
  apt 60 update
  apt 240 install -y --no-install-recommends --download-only "$@" &&
    apt 240 install -y --no-install-recommends --no-download "$@"
}

mapfile -t names < <(missing)
if [ ${#names[@]} -eq 0 ]; then
  tell 'all of the packages are installed'
elif ! command -v apt-get >/dev/null; then
  tell "skipped: there is no apt-get here to install ${names[*]}"
elif [ "$(id -u)" -ne 0 ]; then
  tell "skipped: only root may install ${names[*]}"
else
  tell "installing ${names[*]}"
  install "${names[@]}" || tell 'apt-get failed'
  mapfile -t names < <(missing)
  if [ ${#names[@]} -eq 0 ]; then tell 'installed'; else tell "skipped: could not install ${names[*]}"; fi
fi

# The web client of Tryton 8, with what its page loads; Debian has 6.0.
web=$here/sao8
if [ -e "$web" ] && [ ! "$web/node_modules/.package-lock.json" -nt "$web/package-lock.json" ]; then
  if timeout --kill-after=10 120 npm ci --prefix "$web" --ignore-scripts --no-audit --no-fund >/dev/null 2>&1; then
    tell 'installed the web client of Tryton 8'
  else
    tell 'skipped: npm could not install the web client of Tryton 8'
  fi
fi
exit 0
