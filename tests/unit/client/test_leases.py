"""Who is inside which sandbox."""

from neev_provider.resources.leases import SandboxLeases


async def test_a_room_is_one_for_all_who_are_inside_and_forgotten_after_the_last() -> None:
    """What the first notes, the second sees; who comes later finds nothing of it."""
    leases = SandboxLeases()
    async with leases.acquire("a") as first:
        first.resumed_by_us = True
        async with leases.acquire("a") as second, leases.acquire("b") as other:
            assert second is first
            assert (first.ref_count, other.ref_count, other.resumed_by_us) == (2, 1, False)
        assert first.ref_count == 1
    async with leases.acquire("a") as later:
        assert not later.resumed_by_us
