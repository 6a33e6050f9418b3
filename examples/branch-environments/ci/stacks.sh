#!/usr/bin/env bash
# stacks.sh: the stacks of this project, one a line.
set -euo pipefail
cd "$(dirname "$0")/.."

pulumi stack ls --json | python3 -c 'import json, sys
for stack in json.load(sys.stdin):
    print(stack["name"].rpartition("/")[2])'
