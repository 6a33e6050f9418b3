"""The provider of one process: plans and operations of resources, and reads of data sources, by plain values."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from neev_provider.adapters.shared.config import ProviderConfig
from neev_provider.adapters.shared.executor import Executor
from neev_provider.adapters.shared.planner import Planner
from neev_provider.adapters.shared.preflight import Preflight
from neev_provider.adapters.shared.schema_types import type_of
from neev_provider.adapters.shared.snake_case import type_name
from neev_provider.adapters.terraform import ownership, planning
from neev_provider.adapters.terraform.attributes import (
    TIMEOUTS,
    VERSION_SUFFIX,
    WRITE_ONLY_SUFFIX,
    is_json,
    only_choices,
    setting_attributes,
)
from neev_provider.adapters.terraform.operations import Applied, Operations
from neev_provider.adapters.terraform.planning import Plan
from neev_provider.adapters.terraform.provider_config import (
    LABEL_SETTINGS,
    LATE_SETTINGS,
    config_failures,
    require_known,
    settings_of,
    unknown_settings,
)
from neev_provider.adapters.terraform.resource_values import ResourceValues
from neev_provider.adapters.terraform.values import Values
from neev_provider.client import Api, Settings
from neev_provider.core.action import Action
from neev_provider.core.clock import Clock
from neev_provider.core.durations import parse_duration
from neev_provider.core.errors import ConfigError, InputError
from neev_provider.core.function import Function
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.model import UNKNOWN
from neev_provider.core.names import generate_name
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import ValidationFailure, WarningHandler, ignore, parse, validate

T = TypeVar("T")
ClientFactory = Callable[[Settings], Api]
NAME_SUFFIX_BYTES = 4


class TerraformProvider:
    """Resources and data sources of one process, in the account that `configure` names."""

    def __init__(
        self, environ: Mapping[str, str], directory: Path, client_factory: ClientFactory, clock: Clock
    ) -> None:
        self._environ = environ
        self._directory = directory
        self._client_factory = client_factory
        self._clock = clock
        self._clients: list[Api] = []
        self.configure(dict.fromkeys(setting_attributes(ProviderConfig)))

    def configure(self, config: Mapping[str, Any]) -> None:
        """Use these settings from now on; no request is sent. A debugged process is configured again and again."""
        self._config = config
        self._settings: Settings | None = None
        self._api: asyncio.Future[Api] | None = None
        self._preflight: Preflight | None = None
        self._executor = Executor(self.get_client, self._clock)
        self._operations = Operations(self._executor, ownership.owners_in(self._environ, self._directory))

    def require_settings(self) -> None:
        """Raise an error if settings are missing, unless some that are needed are not known yet.

        Raises:
            ConfigError: settings are missing or invalid.
        """
        if unknown_settings(self._config) <= LATE_SETTINGS:
            self._require_settings()

    def require_project(self, project_id: str | None) -> None:
        """Raise an error if the settings name another project.

        Raises:
            ConfigError: the project is another one.
        """
        if project_id is not None and project_id != self.project_id:
            raise ConfigError(
                f"the identity names the project {project_id}, and the setting `projectId` is {self.project_id}",
                hint="Import it with a provider of that project: a second provider block with an alias.",
            )

    def config_failures(self, config: Mapping[str, Any]) -> list[ValidationFailure]:
        """Return the failures of the provider's settings."""
        return config_failures(config)

    async def validate(self, values: ResourceValues) -> list[ValidationFailure]:
        """Return the failures of a configuration."""
        _, failures = await self._check(values)
        return [*failures, *_timeout_failures(values.config), *_write_only_failures(values)]

    async def plan(self, values: ResourceValues, warn: WarningHandler) -> tuple[Plan, list[ValidationFailure]]:
        """Return what will be, and the failures of values that were not known before.

        An obstacle is no failure of a plan: `terraform destroy` plans what it deletes, too.
        """
        checked, failures = await self._check(values)
        if failures:
            return Plan({}), failures
        failures = await self._find_missing_references(values, checked)
        planner = self._planner(values.resource)
        plan_values = planning.plan_create if values.prior is None else partial(planning.plan_update, log=warn)
        plan = await self._offload(values, plan_values, planner, values, checked)
        return replace(plan, obstacles=await self._find_obstacles(values, checked, warn)), failures

    async def apply(self, values: ResourceValues, planned: Values | None, warn: WarningHandler) -> Applied:
        """Create, update or delete the resource."""
        if planned is None:
            await self._operations.delete(values, warn)
            return Applied(None)
        require_known(self._config)
        checked, failures = await self._check(values, partial(_generate_name, values.resource))
        for failure in failures or await self._find_obstacles(values, checked, ignore):
            raise InputError(failure.path, failure.reason)
        if values.prior is None:
            return await self._operations.create(values, planned, checked, warn)
        planner = self._planner(values.resource)
        if not await self._offload(values, planning.is_update, planner, values, checked):
            return self._operations.record(values, planned, checked)
        return await self._operations.update(values, planned, checked, warn)

    async def read(self, values: ResourceValues, warn: WarningHandler) -> Applied:
        """Return the current resource."""
        return await self._operations.read(values, warn)

    async def call(self, function: Function[Any, Any], arguments: Mapping[str, Any]) -> Any:
        """Return the result of the function.

        Raises:
            InputError: an argument is invalid.
        """
        for failure in validate(function.arguments, arguments):
            raise InputError(failure.path, failure.reason)
        api = await self.get_client()
        calling = function.call(api, parse(function.arguments, arguments))
        result = await self._executor.run_unless_cancelled(calling, function.name)
        await api.require_project()
        return result

    async def invoke(
        self, action: Action[Any], arguments: Mapping[str, Any], show: Callable[[str], None], warn: WarningHandler
    ) -> None:
        """Do the action, and show its lines and what it waits for.

        Raises:
            InputError: an argument is invalid.
        """
        for failure in validate(action.arguments, arguments):
            raise InputError(failure.path, failure.reason)
        parsed = parse(action.arguments, arguments)
        context = self._executor.operation_context(
            type_name(action.name), action.time_limit(parsed), report=show, log=show, warn=warn
        )
        await self._executor.invoke(action, context, parsed)

    def cancel(self) -> None:
        """End every operation at once, with what exists."""
        self._executor.cancel()

    async def aclose(self) -> None:
        """Close every connection."""
        for api in self._clients:
            await api.aclose()

    async def get_client(self) -> Api:
        """Return the client of the account; the first call creates it."""
        if self._api is None:
            self._api = asyncio.ensure_future(self._connect())
        return await asyncio.shield(self._api)

    @property
    def project_id(self) -> str | None:
        """Return the id of the project, if the settings are known."""
        try:
            return self._require_settings().project_id
        except ConfigError:
            return None

    async def _connect(self) -> Api:
        # reading the trusted certificates takes too long for the event loop
        api = await asyncio.to_thread(self._client_factory, self._require_settings())
        self._clients.append(api)
        return api

    def _require_settings(self) -> Settings:
        if self._settings is None:
            self._settings = settings_of(self._config, self._environ)
        return self._settings

    def _planner(self, resource: AnyResource) -> Planner:
        try:
            settings = self._require_settings()
        except ConfigError:
            return Planner(resource, label_policy=None)  # the operation reports it, once it needs them
        has_labels = unknown_settings(self._config).isdisjoint(LABEL_SETTINGS)
        return Planner(resource, settings.account, settings.labels if has_labels else None)

    async def _check(
        self, values: ResourceValues, generate_name: Callable[[], Any] = lambda: UNKNOWN
    ) -> tuple[dict[str, Any], list[ValidationFailure]]:
        """Return the inputs with defaults, and their failures.

        A plan is made twice and must be the same each time, so a generated name is unknown until the create.
        """
        check = partial(self._planner(values.resource).check, generate_name=generate_name, declared_only=True)
        inputs, failures = await self._offload(values, check, values.old_inputs, values.new_inputs)
        return inputs, [_as_served(values.resource, failure) for failure in failures]

    async def _find_obstacles(
        self, values: ResourceValues, checked: Mapping[str, Any], warn: WarningHandler
    ) -> tuple[ValidationFailure, ...]:
        return await self._offload(values, lambda: tuple(values.resource.find_failures(checked, warn)))

    async def _find_missing_references(
        self, values: ResourceValues, checked: Mapping[str, Any]
    ) -> list[ValidationFailure]:
        if self._settings is None or not self._settings.check_on_preview:
            return []
        if self._preflight is None:
            self._preflight = Preflight(await self.get_client())
        return await self._preflight.reference_failures(values.resource, checked, values.old_inputs)

    async def _offload(self, values: ResourceValues, operation: Callable[..., T], *arguments: Any) -> T:
        """Return the result of a step of a plan. A slow one runs in a thread and ends if the provider is cancelled."""
        if not values.resource.is_slow:
            return operation(*arguments)
        return await self._executor.run_unless_cancelled(run_in_thread(operation, *arguments), "plan")


def _generate_name(resource: AnyResource) -> str:
    return generate_name(resource.name, secrets.token_hex(NAME_SUFFIX_BYTES), max_length=resource.max_name_length)


def _as_served(resource: AnyResource, failure: ValidationFailure) -> ValidationFailure:
    """Return the failure as this engine has the input: as a JSON text, or as the one input to set instead."""
    prop = resource.inputs.properties.get(failure.path)
    if prop is not None and is_json(type_of(prop)) and failure.reason.startswith("must be an object"):
        return ValidationFailure(failure.path, 'must be a JSON object, such as jsonencode({ key = "value" })')
    choice = only_choices(resource.inputs).get(failure.path)
    return failure if choice is None else ValidationFailure(choice.name, "is required")


def _timeout_failures(config: Mapping[str, Any]) -> list[ValidationFailure]:
    limits = config.get(TIMEOUTS)
    failures = []
    for operation, text in (limits if isinstance(limits, Mapping) else {}).items():
        if isinstance(text, str):
            try:
                reason = "" if parse_duration(text) else f"must be more than 0 (is {text!r})"
            except ValueError as error:
                reason = str(error)
            if reason:
                failures.append(ValidationFailure(f"{TIMEOUTS}.{operation}", reason))
    return failures


def _write_only_failures(values: ResourceValues) -> list[ValidationFailure]:
    return [
        ValidationFailure(prop.name, f"conflicts with {name}")
        for name, prop in values.write_only.items()
        if values.config.get(name.removesuffix(WRITE_ONLY_SUFFIX)) is not None
    ] + [
        ValidationFailure(name, f"requires {prop.field}{VERSION_SUFFIX}, a number to change with it")
        for name, prop in values.write_only.items()
        if values.config.get(f"{prop.field}{VERSION_SUFFIX}") is None
    ]
