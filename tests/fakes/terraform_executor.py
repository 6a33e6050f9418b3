"""A Terraform provider whose operations send no request: the outputs are drawn by type."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from neev_provider.adapters.shared.executor import Executor
from neev_provider.adapters.shared.schema_types import (
    AnyType,
    ArrayType,
    EnumType,
    MapType,
    ObjectType,
    PrimitiveType,
    TypeSpec,
    type_of,
)
from neev_provider.adapters.terraform.operations import Operations
from neev_provider.adapters.terraform.provider import TerraformProvider
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.labels import Owner
from neev_provider.core.lifecycle import AnyResource, StoredResource
from neev_provider.core.markers import Computed
from neev_provider.core.model import UNKNOWN, Model
from neev_provider.core.resource import OperationContext

T = TypeVar("T")
ENVIRON = {"NEEV_API_KEY": "key", "NEEV_ORG_ID": "org", "NEEV_PROJECT_ID": "project"}
HEALTHY = {"problem": None, "status": "running"}
"""The outputs that say whether an object needs repair, so that the next plan changes it."""
LEAST_TO_BE_SET = 0.3
TEXTS = ("", "text", "2026-01-01T00:00:00Z", "{}", "ü")
NUMBERS = (0, 1, 0.1, 2.5, 10)


class DrawnExecutor(Executor):
    """An executor whose operations succeed immediately."""

    def __init__(self, drawn: random.Random) -> None:
        super().__init__(connect_never, SYSTEM_CLOCK)
        self._drawn = drawn

    async def create(
        self,
        resource: AnyResource,
        context: OperationContext,
        raw_inputs: Mapping[str, Any],
        *,
        convert: Callable[[StoredResource], T],
    ) -> T:
        """Return the inputs with drawn outputs."""
        return convert(self._stored("id", resource, raw_inputs, resource.preview_create(raw_inputs)))

    async def update(  # noqa: PLR0913
        self,
        resource: AnyResource,
        context: OperationContext,
        id: str,
        *,
        old_inputs: Mapping[str, Any],
        state: Mapping[str, Any],
        new_inputs: Mapping[str, Any],
        convert: Callable[[StoredResource], T],
    ) -> T:
        """Return the new inputs with drawn outputs."""
        return convert(self._stored(id, resource, new_inputs, resource.preview_update(state, new_inputs)))

    async def read(
        self,
        resource: AnyResource,
        context: OperationContext,
        id: str,
        raw_inputs: Mapping[str, Any] | None,
        state: Mapping[str, Any],
    ) -> StoredResource | None:
        """Return the stored resource; for an import, drawn outputs."""
        if raw_inputs is not None:
            return StoredResource(id, raw_inputs, state)
        return self._stored(id, resource, {}, resource.preview_create({}))

    async def delete(self, resource: AnyResource, context: OperationContext, id: str, state: Mapping[str, Any]) -> None:
        """Do nothing."""

    def _stored(
        self, id: str, resource: AnyResource, inputs: Mapping[str, Any], preview: Mapping[str, Any]
    ) -> StoredResource:
        chosen = {
            name: _draw(type_of(prop), self._drawn)
            for name, prop in resource.inputs.properties.items()
            if prop.has(Computed) and prop.resets_to is None
        }
        drawn = {**chosen, **_draw_properties(resource.outputs, self._drawn)}
        known = {name: value for name, value in preview.items() if value is not UNKNOWN}
        state = {name: value for name, value in {**drawn, **known}.items() if value is not None}
        return StoredResource(id, dict(inputs), {**state, "__account": {"orgId": "org", "projectId": "project"}})


class DrawnProvider(TerraformProvider):
    """A provider with drawn outputs."""

    def __init__(self, drawn: random.Random) -> None:
        self._drawn = drawn
        super().__init__(ENVIRON, Path("/configuration"), connect_never, SYSTEM_CLOCK)

    def configure(self, config: Mapping[str, Any]) -> None:
        """Use the settings and the executor that sends no request."""
        super().configure(config)
        owner = Owner("terraform-provider-neev", "project", "default", "address")
        self._operations = Operations(DrawnExecutor(self._drawn), lambda _type, _name: owner)


def connect_never(*_arguments: Any) -> Any:
    """Fail: no request is expected."""
    raise AssertionError("a request is sent")


def _draw_properties(model: type[Model], drawn: random.Random) -> dict[str, Any]:
    return {
        name: HEALTHY[name] if name in HEALTHY else _draw(type_of(prop), drawn)
        for name, prop in model.properties.items()
        if prop.required or drawn.random() > LEAST_TO_BE_SET
    }


def _draw(type_spec: TypeSpec, drawn: random.Random) -> Any:  # noqa: PLR0911  one for each kind
    match type_spec:
        case PrimitiveType(kind) if kind is bool:
            return drawn.choice([True, False])
        case PrimitiveType(kind) if kind is not str:
            return kind(drawn.choice(NUMBERS))
        case EnumType(enum):
            return str(drawn.choice(list(enum)).value)
        case ObjectType(model):
            return _draw_properties(model, drawn)
        case ArrayType(item):
            return [_draw(item, drawn) for _ in range(drawn.randrange(3))]
        case MapType(item):
            return {name: _draw(item, drawn) for name in drawn.sample(["a", "b", "c"], drawn.randrange(3))}
        case AnyType():
            return drawn.choice([True, 0.1, "text", None, {"a": [1, 0.1]}])
    return drawn.choice(TEXTS)
