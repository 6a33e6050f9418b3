#!/usr/bin/env bash
# up.sh STACK REVISION: the environment is at this revision, awake, and renewed; its URL is the last line.
#
# To be run by one job at a time for each stack: what an earlier job left locked or half done was killed, so its lock is
# taken away and what it had begun is brought into the state before anything else is made.
set -euo pipefail
cd "$(dirname "$0")/.."
stack=$1 revision=$2

{
  pulumi stack select --create "$stack"
  pulumi cancel --stack "$stack" --yes
  pulumi-neev recover --stack "$stack" --yes
  # --refresh: what the platform stopped or deleted meanwhile is woken, or made again
  pulumi up --stack "$stack" --yes --skip-preview --refresh -c "revision=$revision" -c paused=false
} >&2
pulumi stack output --stack "$stack" --show-secrets url
