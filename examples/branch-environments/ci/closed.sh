#!/usr/bin/env bash
# closed.sh COMMAND...: the numbers of pull requests that have a stack and are not open, as a JSON list.
#
# COMMAND prints the numbers of the open ones, one a line. It is asked after the stacks are listed, so that one which is
# opened meanwhile is not taken for closed.
set -euo pipefail
cd "$(dirname "$0")/.."

stacks=$(ci/stacks.sh)
open=$("$@")
STACKS=$stacks OPEN=$open python3 -c 'import json, os
stacks = (name.removeprefix("pr-") for name in os.environ["STACKS"].split() if name.startswith("pr-"))
print(json.dumps(sorted(set(stacks) - set(os.environ["OPEN"].split()))))'
