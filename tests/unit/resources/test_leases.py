"""Leases that the sessions in one sandbox share."""

import gc

from neev_provider.client import Settings, connect
from neev_provider.resources import leases
from neev_provider.resources.leases import acquire_lease

SETTINGS = Settings("https://api.test", "key", "o", "p")


async def test_all_sessions_in_a_sandbox_share_one_lease_that_ends_with_the_last() -> None:
    async with connect(SETTINGS) as api:
        async with acquire_lease(api, "a") as first:
            first.resumed_by_us = True
            async with acquire_lease(api, "a") as second, acquire_lease(api, "b") as other:
                assert second is first
                assert (first.ref_count, other.ref_count, other.resumed_by_us) == (2, 1, False)
            assert first.ref_count == 1
        async with acquire_lease(api, "a") as later:
            assert not later.resumed_by_us


async def test_two_clients_share_no_lease_and_none_outlives_its_client() -> None:
    before = len(leases._LEASES)
    one, other = connect(SETTINGS), connect(SETTINGS)
    async with one, other, acquire_lease(one, "a") as first, acquire_lease(other, "a") as second:
        assert first is not second
    del one, other, first, second
    gc.collect()
    assert len(leases._LEASES) <= before
