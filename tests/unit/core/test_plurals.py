"""Numbers of objects in texts."""

from neev_provider.core.plurals import count_noun


def test_a_noun_agrees_with_its_number() -> None:
    assert [count_noun(number, "sandbox") for number in (0, 1, 2)] == ["0 sandboxes", "1 sandbox", "2 sandboxes"]
    assert [count_noun(number, "agent") for number in (0, 1, 2)] == ["0 agents", "1 agent", "2 agents"]
