#!/usr/bin/env bash
# destroy.sh STACK: nothing is left of the environment; that it is gone already is no error.
#
# One job at a time for each stack, as up.sh. What an earlier job had begun is brought into the state first, or nobody
# would know that it has to be deleted. Only a list of stacks that was read says that there is none: a backend that does
# not answer ends the job with an error, for the sandbox may be there and cost money.
set -euo pipefail
cd "$(dirname "$0")/.."
stack=$1

stacks=$(ci/stacks.sh)
if [[ $'\n'$stacks$'\n' != *$'\n'"$stack"$'\n'* ]]; then
  echo "There is no stack $stack."
  exit
fi
pulumi cancel --stack "$stack" --yes
pulumi-neev recover --stack "$stack" --yes
pulumi destroy --stack "$stack" --yes --skip-preview
pulumi stack rm --yes "$stack"
