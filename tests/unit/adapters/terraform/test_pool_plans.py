"""The plan of a pool: what scaling does not change stays known, so that nothing that uses it is replaced."""

from __future__ import annotations

from tests.fakes.terraform_engine import Engine

CHANGING = {"effective_labels", "members", "ready_replicas"}


async def test_scaling_leaves_the_identity_and_the_template_known(terraform: Engine) -> None:
    pool = terraform.resource("neev_sandbox_pool")
    state = await pool.create({"name": "fleet", "replicas": 1})
    plan = await pool.plan({"name": "fleet", "replicas": 2}, state)
    assert plan.unknown == CHANGING
    scaled = await pool.apply(plan)
    rebuilt = await pool.plan({"name": "fleet", "replicas": 2, "disk_gb": 20}, scaled)
    assert {"template_hash", "template_digest"} < rebuilt.unknown
    assert rebuilt.planned["uid"] == state.values["uid"]
    await pool.apply(rebuilt)


async def test_an_imported_pool_gets_its_uid_by_the_next_update(terraform: Engine) -> None:
    pool = terraform.resource("neev_sandbox_pool")
    await pool.create({"name": "fleet", "replicas": 1})
    imported = await pool.import_state("fleet")
    assert imported is not None
    plan = await pool.plan({"name": "fleet", "replicas": 2}, imported)
    assert "uid" in plan.unknown
    scaled = await pool.apply(plan)
    assert scaled.values["uid"]
