"""The calls of the protocol, as messages of the provider's plans, operations and reads."""

# ruff: noqa: N802, ARG002  the names and arguments are the protocol's

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from neev_provider.adapters.shared.config import ProviderConfig
from neev_provider.adapters.shared.snake_case import type_name
from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.action_calls import ActionCalls
from neev_provider.adapters.terraform.attributes import (
    ID,
    TIMEOUTS,
    resource_attributes,
)
from neev_provider.adapters.terraform.calls import error_of, failure_diagnostics, warning_diagnostics
from neev_provider.adapters.terraform.data_calls import DataSourceCalls, EphemeralCalls
from neev_provider.adapters.terraform.diagnostics import (
    attribute_steps,
)
from neev_provider.adapters.terraform.identity import IDENTITY_SCHEMA, PROJECT_ID, identity_data, read_identity
from neev_provider.adapters.terraform.list_calls import ListCalls
from neev_provider.adapters.terraform.names import resource_of
from neev_provider.adapters.terraform.operations import Applied
from neev_provider.adapters.terraform.private_state import PrivateState
from neev_provider.adapters.terraform.provider_functions import FunctionCalls
from neev_provider.adapters.terraform.provider_schema import load_provider_schema
from neev_provider.adapters.terraform.resource_values import ResourceValues, imported_state
from neev_provider.adapters.terraform.schema import OPERATIONS
from neev_provider.adapters.terraform.subjects import subject_of
from neev_provider.adapters.terraform.upgrade import conform
from neev_provider.adapters.terraform.values import decode, decode_json, encode
from neev_provider.core.hints import Hint
from neev_provider.core.validation import ValidationFailure
from neev_provider.resources import RESOURCES

VALUE_FIELDS: Final = ("config", "prior_state", "planned_state", "current_state")


class Handlers(DataSourceCalls, EphemeralCalls, FunctionCalls, ListCalls, ActionCalls):
    """The calls of one engine: those for the provider and its resources are here, the others in the base classes."""

    def cancel(self) -> None:
        """End every operation at once, with what exists."""
        self._provider.cancel()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._provider.aclose()

    def explain(self, error: BaseException, request: Any) -> pb.Diagnostic:
        """Return the diagnostic of an error that ended a call."""
        return error_of(error, request)

    def secrets(self, request: Any) -> list[Any]:
        """Return the secrets in the request, by their declaration."""
        fields = {field.name for field, _ in request.ListFields()}
        attributes = subject_of(request).attributes
        values = [decode(getattr(request, name)) or {} for name in VALUE_FIELDS if name in fields]
        secret_names = [name for name, attribute in attributes.items() if attribute.sensitive]
        return [value[name] for value in values for name in secret_names if value.get(name) is not None]

    async def GetProviderSchema(self, request: pb.GetProviderSchema.Request) -> pb.GetProviderSchema.Response:
        """Return the schemas of everything that the provider has."""
        return load_provider_schema()

    async def GetResourceIdentitySchemas(
        self, request: pb.GetResourceIdentitySchemas.Request
    ) -> pb.GetResourceIdentitySchemas.Response:
        """Return the schema of the identity, which is the same for every resource."""
        types = [type_name(resource.name) for resource in RESOURCES]
        return pb.GetResourceIdentitySchemas.Response(identity_schemas=dict.fromkeys(types, IDENTITY_SCHEMA))

    async def ValidateProviderConfig(
        self, request: pb.ValidateProviderConfig.Request
    ) -> pb.ValidateProviderConfig.Response:
        """Check the provider's block."""
        failures = self._provider.config_failures(decode(request.config))
        return pb.ValidateProviderConfig.Response(diagnostics=failure_diagnostics(failures, ProviderConfig))

    async def ConfigureProvider(self, request: pb.ConfigureProvider.Request) -> pb.ConfigureProvider.Response:
        """Set the account of all operations."""
        self._provider.configure(decode(request.config))
        self._provider.require_settings()
        return pb.ConfigureProvider.Response()

    async def StopProvider(self, request: pb.StopProvider.Request) -> pb.StopProvider.Response:
        """End every operation at once, with what exists; the process stays until the engine has the answers."""
        self.cancel()
        return pb.StopProvider.Response()

    async def ValidateResourceConfig(
        self, request: pb.ValidateResourceConfig.Request
    ) -> pb.ValidateResourceConfig.Response:
        """Check the configuration of a resource, as far as its values are known."""
        resource = resource_of(request.type_name)
        values = ResourceValues(resource, decode(request.config))
        failures = await self._provider.validate(values)
        if values.write_only and not request.client_capabilities.write_only_attributes_allowed:
            failures = [*failures, *_unsupported_failures(values)]
        return pb.ValidateResourceConfig.Response(diagnostics=failure_diagnostics(failures, resource.inputs))

    async def UpgradeResourceState(self, request: pb.UpgradeResourceState.Request) -> pb.UpgradeResourceState.Response:
        """Return the stored state in this version's form; the engine asks for every resource."""
        resource = resource_of(request.type_name)
        stored = decode_json(request.raw_state.json)
        limits = stored.get(TIMEOUTS) and dict.fromkeys(OPERATIONS) | stored[TIMEOUTS]
        state = conform(resource_attributes(resource), stored) | {TIMEOUTS: limits}
        return pb.UpgradeResourceState.Response(upgraded_state=encode(state))

    async def UpgradeResourceIdentity(
        self, request: pb.UpgradeResourceIdentity.Request
    ) -> pb.UpgradeResourceIdentity.Response:
        """Return the stored identity, whose form has not changed."""
        stored = decode_json(request.raw_identity.json)
        identity = identity_data(stored[ID], stored.get(PROJECT_ID))
        return pb.UpgradeResourceIdentity.Response(upgraded_identity=identity)

    async def PlanResourceChange(self, request: pb.PlanResourceChange.Request) -> pb.PlanResourceChange.Response:
        """Return what will be, and what replaces the resource."""
        resource = resource_of(request.type_name)
        prior = decode(request.prior_state)
        private = PrivateState.load(request.prior_private)
        values = ResourceValues(resource, decode(request.config), prior, private)
        warnings: list[str] = []
        plan, failures = await self._provider.plan(values, warnings.append)
        if failures:
            return pb.PlanResourceChange.Response(diagnostics=failure_diagnostics(failures, resource.inputs))
        obstacles = failure_diagnostics(plan.obstacles, resource.inputs, pb.Diagnostic.WARNING)
        return pb.PlanResourceChange.Response(
            planned_state=encode(plan.values),
            requires_replace=[attribute_steps(name) for name in plan.replacing],
            planned_private=request.prior_private,
            planned_identity=request.prior_identity if request.HasField("prior_identity") else None,
            diagnostics=[*obstacles, *warning_diagnostics(request, warnings)],
        )

    async def ApplyResourceChange(self, request: pb.ApplyResourceChange.Request) -> pb.ApplyResourceChange.Response:
        """Create, update or delete the resource. Whatever fails, what exists is in the response."""
        warnings: list[str] = []
        resource = resource_of(request.type_name)
        prior, planned = decode(request.prior_state), decode(request.planned_state)
        private = PrivateState.load(request.planned_private)
        values = ResourceValues(resource, decode(request.config) or {}, prior, private)
        try:
            applied = await self._provider.apply(values, planned, warnings.append)
        except Exception as error:  # noqa: BLE001  nothing was created or changed; the state stays what it was
            applied = Applied(prior, private, error)
        found = warning_diagnostics(request, warnings)
        if applied.error is not None:
            is_left = prior is None and applied.state is not None and not applied.is_interrupted
            hint = Hint.UNFINISHED_CREATE if is_left else ""
            text = error_of(applied.error, request, hint)
            if applied.is_interrupted:
                text.severity = pb.Diagnostic.WARNING
            found.append(text)
        return pb.ApplyResourceChange.Response(
            new_state=encode(applied.state),
            private=applied.private.dump(),
            diagnostics=found,
            new_identity=self._identity(applied.state),
        )

    async def ReadResource(self, request: pb.ReadResource.Request) -> pb.ReadResource.Response:
        """Return the current resource; an empty state only if it is gone."""
        resource = resource_of(request.type_name)
        private = PrivateState.load(request.private)
        values = ResourceValues(resource, {}, decode(request.current_state), private)
        warnings: list[str] = []
        applied = await self._provider.read(values, warnings.append)
        return pb.ReadResource.Response(
            new_state=encode(applied.state),
            private=applied.private.dump(),
            diagnostics=warning_diagnostics(request, warnings),
            new_identity=self._identity(applied.state),
        )

    async def ImportResourceState(self, request: pb.ImportResourceState.Request) -> pb.ImportResourceState.Response:
        """Return a state with the id alone; the engine reads the rest next."""
        resource = resource_of(request.type_name)
        named = read_identity(request.identity) if request.HasField("identity") else {}
        self._provider.require_project(named.get(PROJECT_ID))
        id = request.id or named[ID]
        state = imported_state(resource, id)
        imported = pb.ImportResourceState.ImportedResource(
            type_name=request.type_name, state=encode(state), identity=self._identity(state)
        )
        return pb.ImportResourceState.Response(imported_resources=[imported])

    def _identity(self, state: Mapping[str, Any] | None) -> pb.ResourceIdentityData | None:
        return None if state is None else identity_data(state[ID], self._provider.project_id)


def _unsupported_failures(values: ResourceValues) -> list[ValidationFailure]:
    return [
        ValidationFailure(prop.name, f"{name} requires Terraform or OpenTofu 1.11: this version stores it in the state")
        for name, prop in values.write_only.items()
    ]
