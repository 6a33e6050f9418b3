"""A fake of Terraform's engine: it sends the calls of the plugin protocol and enforces Terraform's rules."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from google.protobuf import message_factory
from tests.fakes import terraform_values as values
from tests.fakes.terraform_values import IllegalResponse, Value

from neev_emulator import Emulator
from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.handlers import Handlers
from neev_provider.adapters.terraform.provider import ClientFactory, TerraformProvider
from neev_provider.adapters.terraform.servicer import Servicer
from neev_provider.client import connect
from neev_provider.core.clock import SYSTEM_CLOCK, Clock

Action = Literal["none", "create", "update", "replace"]
METHODS = pb.DESCRIPTOR.services_by_name["Provider"].methods_by_name


@dataclass(frozen=True)
class State:
    """A resource as the engine stores it."""

    values: dict[str, Value]
    private: bytes = b""
    is_tainted: bool = False
    identity: bytes = b""

    @property
    def id(self) -> str:
        """Return the id of the resource."""
        return str(self.values["id"])


@dataclass(frozen=True)
class Plan:
    """The action that the engine plans."""

    action: Action
    config: dict[str, Value]
    planned: dict[str, Value]
    private: bytes
    state: State | None
    replaced_by: tuple[str, ...] = ()
    """The attributes whose change replaces the resource."""

    @property
    def unknown(self) -> set[str]:
        """Return the attributes that are known only after the apply."""
        return {name for name, value in self.planned.items() if values.has_unknown(value)}


class EngineError(Exception):
    """The engine reports errors of the provider."""

    def __init__(self, diagnostics: list[pb.Diagnostic], state: State | None = None) -> None:
        self.diagnostics = diagnostics
        self.state = state
        """The state that the engine stores despite the error."""
        super().__init__("\n".join(f"{item.summary}: {item.detail}" for item in diagnostics))

    @property
    def paths(self) -> list[str]:
        """Return the path of each error as a configuration writes it."""
        return [_format_path(item.attribute) for item in self.diagnostics]

    def details(self) -> str:
        """Return the text of all errors."""
        return str(self)


@dataclass
class Engine:
    """The engine's side of one configured provider."""

    servicer: Servicer
    schemas: pb.GetProviderSchema.Response
    diagnostics: list[pb.Diagnostic] = field(default_factory=list)
    """All diagnostics that the provider has reported."""

    async def call(self, method: str, **fields: Any) -> Any:
        """Return the response of one call. Both messages are encoded, as on the wire."""
        kinds = METHODS[method]
        request_type = message_factory.GetMessageClass(kinds.input_type)
        response_type: Any = message_factory.GetMessageClass(kinds.output_type)
        request = request_type.FromString(request_type(**fields).SerializeToString())
        answer = await self.servicer.call(method, request, response_type)
        response = response_type.FromString(answer.SerializeToString())
        self.diagnostics += getattr(response, "diagnostics", [])
        return response

    async def configure(self, **config: Any) -> None:
        """Check and use the settings of a provider's block."""
        block = values.convert(self.schemas.provider.block, config)
        _raise_errors(await self.call("ValidateProviderConfig", config=values.to_wire(block)))
        _raise_errors(await self.call("ConfigureProvider", terraform_version="1.11.4", config=values.to_wire(block)))

    def resource(self, type_name: str) -> EngineResource:
        """Return the resources of one type."""
        return EngineResource(self, type_name, self.schemas.resource_schemas[type_name].block)

    def warnings(self) -> list[str]:
        """Return the texts of all warnings so far."""
        return [item.detail for item in self.diagnostics if item.severity == pb.Diagnostic.WARNING]

    async def read_data_source(self, type_name: str, config: Mapping[str, Any]) -> dict[str, Value]:
        """Return the data source."""
        block = self.schemas.data_source_schemas[type_name].block
        message = values.to_wire(values.convert(block, config))
        _raise_errors(await self.call("ValidateDataResourceConfig", type_name=type_name, config=message))
        response = await self.call("ReadDataSource", type_name=type_name, config=message)
        _raise_errors(response)
        state: dict[str, Value] = values.from_wire(block, response.state)
        values.check_known(block, state)
        values.check_result({name: item for name, item in config.items() if item is not None}.keys(), config.keys())
        return state


@dataclass(frozen=True)
class EngineResource:
    """The engine's calls for resources of one type."""

    engine: Engine
    type_name: str
    block: pb.Schema.Block

    def convert(self, config: Mapping[str, Any]) -> dict[str, Value]:
        """Return a configuration as the engine has it."""
        converted: dict[str, Value] = values.convert(self.block, config)
        return converted

    async def validate(self, config: Mapping[str, Any]) -> None:
        """Check a configuration."""
        capabilities = pb.ClientCapabilities(write_only_attributes_allowed=True)
        message = values.to_wire(self.convert(config))
        await self._call("ValidateResourceConfig", config=message, client_capabilities=capabilities)

    async def plan(self, config: Mapping[str, Any], state: State | None = None) -> Plan:
        """Return the planned action: create, update in place, replace or none."""
        converted = self.convert(config)
        await self.validate(config)
        if state is None or state.is_tainted:
            plan = await self._plan(converted, None)
            return plan if state is None else replace(plan, action="replace", state=state)
        await self._upgrade(state)
        plan = await self._plan(converted, state)
        if not plan.replaced_by:
            return plan
        created = await self._plan(converted, None)
        return replace(created, action="replace", state=state, replaced_by=plan.replaced_by)

    async def apply(self, plan: Plan, known_config: Mapping[str, Any] | None = None) -> State:
        """Return the state after the plan. Values that the plan did not know are in `known_config`.

        Raises:
            EngineError: the provider reported errors; it has the state that the engine stores.
        """
        if plan.action == "none":
            assert plan.state is not None
            return replace(plan.state, values=plan.planned)
        state = plan.state
        if plan.action == "replace":
            assert state is not None
            await self.destroy(state)
            state = None
        config = plan.config if known_config is None else self.convert(known_config)
        final = await self._plan(config, state)
        values.check_result(plan.planned, final.planned)
        return await self._apply(final)

    async def create(self, config: Mapping[str, Any]) -> State:
        """Plan and apply the create of a resource and return its state."""
        return await self.apply(await self.plan(config))

    async def update(self, config: Mapping[str, Any], state: State) -> State:
        """Return the state after a plan with another configuration."""
        return await self.apply(await self.plan(config, state))

    async def read(self, state: State) -> State | None:
        """Return the state after a refresh; `None` if the resource is gone."""
        await self._upgrade(state)
        return await self._read(state.values, state.private, state)

    async def destroy(self, state: State) -> None:
        """Delete the resource."""
        response = await self.engine.call(
            "ApplyResourceChange",
            type_name=self.type_name,
            prior_state=values.to_wire(state.values),
            planned_state=values.to_wire(None),
            config=values.to_wire(None),
            planned_private=state.private,
        )
        left = self._decode(response.new_state)
        if _errors(response):
            assert left is not None, "the state is lost although the object exists"
            raise EngineError(_errors(response), State(left, response.private, state.is_tainted, state.identity))
        assert left is None

    async def import_state(self, id: str = "", identity: Mapping[str, Any] | None = None) -> State | None:
        """Return the state of an existing object; `None` if the engine reports that it does not exist."""
        data = values.to_wire(dict(identity)) if identity is not None else None
        named = {"id": id} if data is None else {"identity": pb.ResourceIdentityData(identity_data=data)}
        response = await self._call("ImportResourceState", **named)
        (imported,) = response.imported_resources
        assert imported.type_name == self.type_name
        state = self._decode(imported.state)
        values.check_known(self.block, state)
        return await self._read(state, imported.private, None)

    async def _plan(self, config: dict[str, Value], state: State | None) -> Plan:
        prior = None if state is None else state.values
        fields = {
            "prior_state": values.to_wire(prior),
            "proposed_new_state": values.to_wire(values.proposed_new(self.block, prior, config)),
            "config": values.to_wire(config),
            "prior_private": b"" if state is None else state.private,
        }
        response = await self._call("PlanResourceChange", **fields)
        again = await self._call("PlanResourceChange", **fields)
        assert response == again, "the second plan differs from the first"
        planned = self._decode(response.planned_state)
        assert planned is not None, "planned for absence but config wants existence"
        values.check_plan(self.block, prior, config, planned)
        replaced = tuple(_format_path(path) for path in response.requires_replace)
        missing = set(replaced) - config.keys()
        assert not missing, f'has indicated "requires replacement" for a non-existent attribute path: {missing}'
        if prior is None:
            return Plan("create", config, planned, response.planned_private, None)
        really = tuple(name for name in replaced if planned[name] != prior[name])
        action: Action = "none" if planned == prior else "update"
        return Plan(action, config, planned, response.planned_private, state, really)

    async def _apply(self, plan: Plan) -> State:
        state = plan.state
        response = await self.engine.call(
            "ApplyResourceChange",
            type_name=self.type_name,
            prior_state=values.to_wire(None if state is None else state.values),
            planned_state=values.to_wire(plan.planned),
            config=values.to_wire(plan.config),
            planned_private=plan.private,
        )
        result = self._decode(response.new_state)
        values.check_known(self.block, result)
        errors = _errors(response)
        identity = response.new_identity.identity_data.msgpack
        stored = None if result is None else State(result, response.private, state is None and bool(errors), identity)
        if errors:
            raise EngineError(errors, stored)
        if stored is None:
            raise IllegalResponse("Root object was present, but now absent.")
        is_unfinished = any(item.severity == pb.Diagnostic.WARNING for item in response.diagnostics)
        values.check_result(plan.planned, result)
        assert state is None or stored.identity == state.identity or is_unfinished
        return stored

    async def _read(self, current: Value, private: bytes, state: State | None) -> State | None:
        response = await self._call("ReadResource", current_state=values.to_wire(current), private=private)
        read = self._decode(response.new_state)
        values.check_known(self.block, read)
        if read is None:
            return None
        is_tainted = state is not None and state.is_tainted
        return State(read, response.private, is_tainted, response.new_identity.identity_data.msgpack)

    async def _upgrade(self, state: State) -> None:
        """Check that a stored state is read as it was written."""
        raw = pb.RawState(json=values.to_json(state.values))
        response = await self._call("UpgradeResourceState", version=0, raw_state=raw)
        assert self._decode(response.upgraded_state) == state.values

    async def _call(self, method: str, **fields: Any) -> Any:
        response = await self.engine.call(method, type_name=self.type_name, **fields)
        _raise_errors(response)
        return response

    def _decode(self, message: pb.DynamicValue) -> dict[str, Value] | None:
        decoded: dict[str, Value] | None = values.from_wire(self.block, message)
        return decoded


@asynccontextmanager
async def open_engine(
    environ: Mapping[str, str] | None = None,
    *,
    directory: Path = Path("/configuration"),
    client_factory: ClientFactory = connect,
    clock: Clock = SYSTEM_CLOCK,
) -> AsyncIterator[Engine]:
    """Yield the engine's side of a provider that is not configured yet."""
    async with open_engine_of(TerraformProvider(environ or {}, directory, client_factory, clock)) as engine:
        yield engine


@asynccontextmanager
async def open_engine_of(provider: TerraformProvider) -> AsyncIterator[Engine]:
    """Yield the engine's side of the provider."""
    servicer = Servicer(lambda: Handlers(provider))
    engine = Engine(servicer, pb.GetProviderSchema.Response())
    engine.schemas = await engine.call("GetProviderSchema")
    yield engine
    await servicer.aclose()


def settings_of(emulator: Emulator) -> dict[str, str]:
    """Return the settings of the provider's block for the emulator."""
    return {
        "base_url": emulator.base_url,
        "api_key": emulator.api_key,
        "org_id": emulator.org_id,
        "project_id": emulator.project_id,
    }


def _errors(response: Any) -> list[pb.Diagnostic]:
    return [item for item in response.diagnostics if item.severity == pb.Diagnostic.ERROR]


def _raise_errors(response: Any) -> None:
    if errors := _errors(response):
        raise EngineError(errors)


def _format_path(path: pb.AttributePath) -> str:
    text = ""
    for step in path.steps:
        match step.WhichOneof("selector"):
            case "attribute_name":
                text += f".{step.attribute_name}"
            case "element_key_int":
                text += f"[{step.element_key_int}]"
            case _:
                text += f'["{step.element_key_string}"]'
    return text.removeprefix(".")
