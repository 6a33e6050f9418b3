#!/usr/bin/env bash
# The life of the sandboxes of the first example, on the emulator whose address is in NEEV_*: `make demo-terraform` runs it.
# The argument is the engine: terraform or tofu.
set -euo pipefail

engine=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$(dirname "$0")"/sandbox/*.tf "$work"
cd "$work"
export TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE=/dev/null
export TF_CLI_ARGS_init=-no-color TF_CLI_ARGS_plan=-no-color TF_CLI_ARGS_apply=-no-color

run() { # a plan prints every attribute: what will be done is enough here
  filter=.
  case $1 in init | plan) filter='^- Installed|initialized|^  # |^Plan|^No changes' ;; esac
  printf '\n\033[1m$ %s\033[0m\n' "$(basename "$engine") $*"
  "$engine" "$@" | grep -E "$filter"
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

# the provider of this checkout, where both engines look for it
export HOME=$work
terraform-provider-neev install >/dev/null

run init -input=false
run plan -out=plan
run apply plan
expect "sandboxes on the emulator" 2 "$(sandboxes)"

printf '\n# Nothing has changed, so nothing is planned.\n'
run plan -detailed-exitcode

printf '\n# Pausing is a change of an argument.\n'
run plan -out=plan -var paused=true
run apply plan
expect "phase" Paused "$("$engine" output -raw phase)"

run plan -out=plan -destroy
run apply plan
expect "sandboxes on the emulator" 0 "$(sandboxes)"
printf '\nThe emulator is empty.\n'
