"""Client of Terraform's adapter: the engine's calls with the table's inputs, in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from tests.fakes.terraform_engine import EngineError, EngineResource, Plan, State, open_engine, settings_of
from tests.fakes.terraform_values import attribute_types, convert, to_json
from tests.lifecycle.adapter_client import StoredResource

from neev_emulator import Emulator
from neev_provider.adapters.shared.schema_types import AnyType, ArrayType, MapType, ObjectType, TypeSpec, type_of
from neev_provider.adapters.terraform.attributes import resource_attributes
from neev_provider.adapters.terraform.conversion import to_core, to_engine
from neev_provider.adapters.terraform.names import resource_of
from neev_provider.core.assets import AssetOrArchive
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.model import UNKNOWN, Model, Property


@dataclass(frozen=True)
class TerraformResource(StoredResource):
    """What this engine stores of a resource, and how the table's tests read it."""

    engine_state: State


@dataclass(frozen=True)
class Failure:
    """An invalid argument."""

    property: str
    reason: str


@dataclass(frozen=True)
class Checked:
    """The inputs as the configuration sets them, and their failures."""

    inputs: dict[str, Any]
    failures: list[Failure]


@dataclass(frozen=True)
class TerraformClient:
    """The engine's side of Terraform's adapter, for one kind of resource."""

    always_deletes_first: ClassVar[bool] = True
    changes_without_effect: ClassVar[frozenset[str]] = frozenset({"none", "update"})
    resource: AnyResource
    engine: EngineResource

    async def check(self, new_inputs: Mapping[str, Any], _old_inputs: Any = None) -> Checked:
        """Return the inputs, and the errors of the engine's validation."""
        try:
            await self.engine.validate(self._to_config(new_inputs))
        except EngineError as error:
            failures = [Failure(item, error.details()) for item in error.paths]
            return Checked(dict(new_inputs), failures)
        return Checked(dict(new_inputs), [])

    async def record(self, stored: TerraformResource, new_inputs: Mapping[str, Any]) -> TerraformResource:
        """Return the resource after a run that changes nothing but the state."""
        plan = await self.engine.plan(self._to_config(new_inputs), stored.engine_state)
        assert not plan.unknown
        return self._to_stored(new_inputs, await self.engine.apply(plan))

    async def diff(self, stored: TerraformResource, new_inputs: Mapping[str, Any]) -> Plan:
        """Return the plan of the configuration."""
        return await self.engine.plan(self._to_config(new_inputs), stored.engine_state)

    async def create(self, inputs: Mapping[str, Any]) -> TerraformResource:
        """Create a resource."""
        return self._to_stored(inputs, await self.engine.create(self._to_config(inputs)))

    async def update(self, stored: TerraformResource, new_inputs: Mapping[str, Any]) -> TerraformResource:
        """Update the resource to another configuration."""
        return self._to_stored(new_inputs, await self.engine.update(self._to_config(new_inputs), stored.engine_state))

    async def read(self, stored: TerraformResource) -> TerraformResource | None:
        """Return the resource after a refresh, or ``None`` if it no longer exists."""
        state = await self.engine.read(stored.engine_state)
        return None if state is None else self._to_stored(stored.inputs, state)

    async def delete(self, stored: TerraformResource) -> None:
        """Delete the resource."""
        await self.engine.destroy(stored.engine_state)

    def normalize(self, state: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return properties of a state as a user of this engine reads them."""
        types = attribute_types(self.engine.block)
        properties = {**self.resource.inputs.properties, **self.resource.outputs.properties}
        return {
            name: _to_core(properties[name], convert(types[properties[name].field], to_engine(properties[name], value)))
            for name, value in state.items()
        }

    def _to_config(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return _to_config(self.resource.inputs, inputs)

    def _to_stored(self, inputs: Mapping[str, Any], state: State) -> TerraformResource:
        shown = {
            attribute.prop.name: _to_core(attribute.prop, state.values[name])
            for name, attribute in resource_attributes(self.resource).items()
            if attribute.prop is not None and state.values[name] is not None
        }
        return TerraformResource(state.id, dict(inputs), shown, state)


@asynccontextmanager
async def open_terraform_adapter(kind: str, emulator: Emulator) -> AsyncIterator[TerraformClient]:
    """Yield a client of Terraform's adapter."""
    type_name = "neev" + "".join(f"_{char.lower()}" if char.isupper() else char for char in kind)
    async with open_engine() as engine:
        await engine.configure(**settings_of(emulator))
        yield TerraformClient(resource_of(type_name), engine.resource(type_name))


def has_asset(value: Any) -> bool:
    """Return whether an asset or archive is in the value."""
    if isinstance(value, Mapping):
        return any(map(has_asset, value.values()))
    return any(map(has_asset, value)) if isinstance(value, list) else isinstance(value, AssetOrArchive)


def _to_config(model: type[Model], inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {
        model.properties[name].field: _to_argument(type_of(model.properties[name]), value)
        for name, value in inputs.items()
    }


def _to_argument(type_spec: TypeSpec, value: Any) -> Any:
    """Return the value with the names of this engine; the engine itself converts scalars."""
    match type_spec:
        case ObjectType(model) if value is not UNKNOWN:
            return _to_config(model, value)
        case ArrayType(item) if value is not UNKNOWN:
            return [_to_argument(item, part) for part in value]
        case MapType(AnyType()) if value is not UNKNOWN:
            return _encode_json(value)
        case AnyType() if isinstance(value, Mapping | list):
            return _encode_json(value)
    return value


def _encode_json(value: Any) -> str:
    """Return the text as `jsonencode` writes it, where 1.0 is 1."""
    return to_json(_with_decimals(value)).decode()


def _with_decimals(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_decimals(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_decimals(item) for item in value]
    return Decimal(value) if isinstance(value, float) else value


def _to_core(prop: Property, value: Any) -> Any:
    return to_core(prop, _with_floats(value))


def _with_floats(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _with_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_floats(item) for item in value]
    return float(value) if isinstance(value, Decimal) else value
