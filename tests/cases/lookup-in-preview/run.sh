. "$CASES/lib.sh"
p stack init dev
p up --yes || fail "the first plan fails"
p preview --refresh --expect-no-changes
[ "$(p stack output all)" = 1 ] || fail "a look-up does not wait for what it depends on"
