# functions that the cases share; curl is needed
p() { pulumi "$@" --non-interactive --color=never; }
up() { p up --yes --skip-preview "$@"; }
fail() { echo "CASE: $*"; exit 1; }
# one of several inputs is wrong: note it and go on; `ended` fails with all of them
also() { wrong="${wrong:+$wrong; }$*"; }
ended() { [ -z "${wrong:-}" ] || fail "$wrong"; }
clean() { p preview --refresh --expect-no-changes || fail "$1"; }
api() { curl -sS -H "Authorization: Bearer $NEEV_API_KEY" "$NEEV_BASE_URL/api/v1beta1/orgs/$NEEV_ORG_ID/projects/${PROJECT:-$NEEV_PROJECT_ID}$1"; }
control() { curl -sS -H 'Content-Type: application/json' "${NEEV_BASE_URL%/agent}/_emulator/$1" "${@:2}"; }
# the names of the sandboxes that exist
names() { api '/sandboxes?limit=100' | python3 -c 'import json,sys; print(*sorted(s["name"] for s in json.load(sys.stdin)["items"] if s["phase"] != "Terminating"))'; }
# the URNs in the state of a stack
holds() { p stack export ${1:+--stack "$1"} | python3 -c 'import json,sys; print(*sorted(r["urn"] for r in json.load(sys.stdin)["deployment"].get("resources", [])))'; }
