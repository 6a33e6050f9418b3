"""The plan of a pool: outputs that scaling does not change stay known, so that it replaces no dependent resource."""

from __future__ import annotations

from tests.fakes.terraform_engine import Engine

CHANGING = {"effective_labels", "members", "ready_replicas"}


async def test_a_scaling_plan_keeps_the_identity_and_the_template_known(terraform: Engine) -> None:
    pool = terraform.resource("neev_sandbox_pool")
    state = await pool.create({"name": "fleet", "replicas": 1})
    plan = await pool.plan({"name": "fleet", "replicas": 2}, state)
    assert plan.unknown == CHANGING
    scaled = await pool.apply(plan)
    rebuilt = await pool.plan({"name": "fleet", "replicas": 2, "disk_gb": 20}, scaled)
    assert {"template_hash", "template_digest"} < rebuilt.unknown
    assert rebuilt.planned["uid"] == state.values["uid"]
    await pool.apply(rebuilt)


async def test_the_update_after_an_import_sets_the_uid_of_a_pool(terraform: Engine) -> None:
    pool = terraform.resource("neev_sandbox_pool")
    await pool.create({"name": "fleet", "replicas": 1})
    imported = await pool.import_state("fleet")
    assert imported is not None
    plan = await pool.plan({"name": "fleet", "replicas": 2}, imported)
    assert "uid" in plan.unknown
    scaled = await pool.apply(plan)
    assert scaled.values["uid"]
