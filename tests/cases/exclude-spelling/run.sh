. "$CASES/lib.sh"
mkdir -p app/.history app/build app/src
for path in .env a.pyc .history/h build/out src/a.py; do echo "$path" > "app/$path"; done
p stack init dev
up || exit 0 # refused is right too
[ "$(p stack output --json | python3 -c 'import json,sys; print(*json.load(sys.stdin)["files"])')" = src/a.py ] || fail "what is to be left out was sent"
