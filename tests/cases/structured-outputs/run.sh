. "$CASES/lib.sh"
told() {
  p stack output --json | python3 -c '
import json, sys
said = json.load(sys.stdin)
assert said["egress"] == {"mode": "allow_list", "allow": [{"host": "pypi.org", "ports": [443]}]}, said["egress"]
assert said["members"][0]["phase"] == "Ready", said["members"]
assert said["looked"]["connectUrl"], said["looked"]'
}
p stack init dev
p config set which export
up
told || fail "exported structures are no maps with the names of the state"
[ "$(p stack output mode)" = allow_list ] || fail "a structure has no attributes for the program"
p stack init other
p config set which read
up
told || fail "another stack does not read them as they are"
p stack select dev
p config set which component
up || fail "a structure among a component's outputs ends the program"
p config set which json
up || fail "a structure cannot be written as JSON"
p stack output text | python3 -c 'import json,sys; assert json.load(sys.stdin)[0]["phase"] == "Ready"' || fail "the JSON is another"
