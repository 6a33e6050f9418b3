"""Who is inside which sandbox."""

from neev_provider.resources.leases import Rooms


async def test_a_room_is_one_for_all_who_are_inside_and_forgotten_after_the_last() -> None:
    """What the first notes, the second sees; who comes later finds nothing of it."""
    rooms = Rooms()
    async with rooms.inside("a") as first:
        first.woken = True
        async with rooms.inside("a") as second, rooms.inside("b") as other:
            assert second is first
            assert (first.people, other.people, other.woken) == (2, 1, False)
        assert first.people == 1
    async with rooms.inside("a") as later:
        assert not later.woken
