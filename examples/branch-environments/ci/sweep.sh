#!/usr/bin/env bash
# sweep.sh: sandboxes of pull requests that no stack of this backend knows are deleted, once they are a day old.
set -euo pipefail
cd "$(dirname "$0")/.."

pulumi-neev sweep --prefix pr- --older-than 24h --yes
