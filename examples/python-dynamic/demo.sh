#!/usr/bin/env bash
# The life of the sandboxes of this project, on the emulator whose address is in NEEV_*: `make demo` runs it.
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$(dirname "$0")"/{Pulumi.yaml,__main__.py} "$work"
cd "$work"
mkdir state
export PULUMI_HOME="$work/home" PULUMI_BACKEND_URL="file://$work/state" PULUMI_CONFIG_PASSPHRASE=demo
export PULUMI_SKIP_UPDATE_CHECK=true PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true

run() {
  printf '\n\033[1m$ %s\033[0m\n' "$*"
  "$@"
}

expect() { # WHAT WANTED GOT
  if [ "$2" != "$3" ]; then
    printf '\n%s: expected %s, got %s\n' "$1" "$2" "$3" >&2
    exit 1
  fi
}

sandboxes() {
  python3 -c 'import json, os, urllib.request as r
print(json.load(r.urlopen(os.environ["NEEV_BASE_URL"].removesuffix("/agent") + "/_emulator/state"))["sandboxes"])'
}

run pulumi stack init dev
run pulumi up --yes --skip-preview --suppress-progress
run pulumi stack output
expect "sandboxes on the emulator" 2 "$(sandboxes)"

printf '\n# Nothing has changed, so nothing is done.\n'
run pulumi up --yes --skip-preview --suppress-progress --expect-no-changes

printf '\n# Pausing is a change of an input.\n'
run pulumi config set paused true
run pulumi up --yes --skip-preview --suppress-progress
run pulumi stack output phase
expect "phase" Paused "$(pulumi stack output phase)"

run pulumi destroy --yes --skip-preview --suppress-progress
expect "sandboxes on the emulator" 0 "$(sandboxes)"
printf '\nThe emulator is empty.\n'
