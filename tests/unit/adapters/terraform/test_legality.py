"""For every configuration, the engine accepts the plan and the result of its apply."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.fakes.terraform_engine import Engine, EngineError, EngineResource, Plan, State, open_engine_of
from tests.fakes.terraform_executor import DrawnProvider
from tests.unit.adapters.terraform.configurations import configurations

from neev_provider.adapters.shared.snake_case import type_name
from neev_provider.core.content_resource import ContentResource
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.model import UNKNOWN
from neev_provider.resources import RESOURCES

EXAMPLES = 25


@pytest.mark.parametrize("resource", [*RESOURCES], ids=lambda resource: resource.name)
def test_every_plan_is_legal_and_consistent_with_its_apply(resource: AnyResource) -> None:
    counts: Counter[str] = Counter()
    one = configurations(resource)
    hidden = st.sets(st.sampled_from(sorted(list_input_names(resource))), max_size=2)

    drawn = random.Random()
    with asyncio.Runner() as runner:
        opened = open_engine_of(DrawnProvider(drawn))
        engine = runner.run(opened.__aenter__())

        @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
        @given(one, one, hidden, hidden, st.integers(0, 1000))
        def check(
            first: dict[str, Any], second: dict[str, Any], hidden_first: set[str], hidden_second: set[str], seed: int
        ) -> None:
            drawn.seed(seed)
            runner.run(_create_and_change(engine, resource, (first, hidden_first), (second, hidden_second), counts))

        check()
        runner.run(opened.__aexit__(None, None, None))
    assert counts["created"] > 0
    assert counts["changed"] > 0 or isinstance(resource, ContentResource)


async def _create_and_change(
    engine: Engine,
    resource: AnyResource,
    first: tuple[Mapping[str, Any], set[str]],
    second: tuple[Mapping[str, Any], set[str]],
    counts: Counter[str],
) -> None:
    """Create the resource with the first configuration and change it to the second, some of it unknown in the plan."""
    created = await _apply(engine, resource, *first, None)
    if created is None:
        return
    counts["created"] += 1
    kind = engine.resource(type_name(resource.name))
    read = await kind.read(created)
    assert read == created, "a refresh without a change of the API changes the state"
    # the drawn digests belong to no existing content, so a plan always differs
    is_comparable = not isinstance(resource, ContentResource)
    assert not is_comparable or (await kind.plan(first[0], read)).action == "none"
    changed = await _apply(engine, resource, *second, read)
    if changed is not None:
        counts["changed"] += 1
        assert not is_comparable or (await kind.plan(second[0], changed)).action == "none"


async def _apply(
    engine: Engine, resource: AnyResource, config: Mapping[str, Any], hidden: set[str], state: State | None
) -> State | None:
    """Return the state after the configuration; `None` if it is invalid."""
    kind = engine.resource(type_name(resource.name))
    engine.diagnostics.clear()
    planned = {name: UNKNOWN if name in hidden and value is not None else value for name, value in config.items()}
    try:
        await kind.validate(config)
        plan = await _plan(kind, planned, state)
        known = await kind.plan(config, state)
    except EngineError as error:
        if "A bug" in str(error):
            raise
        return None
    has_obstacle = any(item.summary.startswith("Invalid ") for item in engine.diagnostics)
    if has_obstacle or (plan.action != "replace" and known.action == "replace"):
        return None
    return await kind.apply(plan if known.action == plan.action else known, config)


async def _plan(kind: EngineResource, config: Mapping[str, Any], state: State | None) -> Plan:
    plan = await kind.plan(config, state)
    assert plan == await kind.plan(config, state)
    return plan


def list_input_names(resource: AnyResource) -> set[str]:
    """Return the attributes that a configuration may set."""
    return {prop.field for prop in resource.inputs.properties.values()}
