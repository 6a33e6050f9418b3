#!/usr/bin/env bash
# pause.sh STACK: the environment is paused until the next up.sh. One job at a time for each stack, as up.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
stack=$1

pulumi stack select "$stack"
pulumi cancel --stack "$stack" --yes
pulumi-neev recover --stack "$stack" --yes
# the revision stays what it was: nothing runs again, and nothing is renewed
pulumi config refresh --stack "$stack" --force
pulumi up --stack "$stack" --yes --skip-preview -c paused=true
