#!/usr/bin/env bash
# destroy.sh STACK: nothing is left of the environment; that it is gone already is no error.
#
# One job at a time for each stack, as up.sh. What an earlier job had begun is brought into the state first, or nobody
# would know that it has to be deleted.
set -euo pipefail
cd "$(dirname "$0")/.."
stack=$1

if ! ci/stacks.sh | grep -qx "$stack"; then
  echo "There is no stack $stack."
  exit
fi
pulumi cancel --stack "$stack" --yes
pulumi-neev recover --stack "$stack" --yes
pulumi destroy --stack "$stack" --yes --skip-preview
pulumi stack rm --yes "$stack"
