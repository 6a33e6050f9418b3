"""Leases that the sessions in one sandbox share."""

import gc

from neev_provider.client import Settings, connect
from neev_provider.resources import leases
from neev_provider.resources.leases import acquire_lease

SETTINGS = Settings("https://api.test", "key", "o", "p")


async def test_sessions_in_one_sandbox_share_a_lease_until_the_last_one_closes() -> None:
    async with connect(SETTINGS) as api:
        async with acquire_lease(api, "a") as first:
            first.resumed_by_us = True
            async with acquire_lease(api, "a") as second, acquire_lease(api, "b") as other:
                assert second is first
                assert (first.ref_count, other.ref_count, other.resumed_by_us) == (2, 1, False)
            assert first.ref_count == 1
        async with acquire_lease(api, "a") as later:
            assert not later.resumed_by_us


async def test_each_client_has_its_own_leases_and_releases_them() -> None:
    before = len(leases._LEASES)
    one, other = connect(SETTINGS), connect(SETTINGS)
    async with one, other, acquire_lease(one, "a") as first, acquire_lease(other, "a") as second:
        assert first is not second
    del one, other, first, second
    gc.collect()
    assert len(leases._LEASES) <= before
