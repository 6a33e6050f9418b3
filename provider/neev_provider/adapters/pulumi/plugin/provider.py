"""Provider behind the plugin: requests of the engine for the resources and functions of one account."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2

from neev_provider.adapters.pulumi.assets import AssetCache
from neev_provider.adapters.pulumi.marshal import marshal, unmarshal, unsupported_values
from neev_provider.adapters.pulumi.plugin import config, plan
from neev_provider.adapters.pulumi.plugin.crud import CrudHandler
from neev_provider.adapters.pulumi.plugin.engine_client import EngineClient
from neev_provider.adapters.pulumi.property_map import PropertyMap, mark_secrets
from neev_provider.adapters.shared.config import PACKAGE, ProviderConfig
from neev_provider.adapters.shared.hints import PULUMI, render_text
from neev_provider.adapters.shared.planner import Planner
from neev_provider.adapters.shared.preflight import Preflight
from neev_provider.client import Api, Settings
from neev_provider.core.clock import Clock
from neev_provider.core.errors import ConfigError, InputError, Unauthorized
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.model import Property
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import ValidationFailure, parse, redact_failure, validate
from neev_provider.functions import find_function
from neev_provider.resources import find_resource

T = TypeVar("T")
ClientFactory = Callable[[Settings], Api]
STATE_KEY_HINT = (
    "A destroy or refresh uses the old key that the stack's state holds: "
    "add `--run-program`, and it uses the one that the program and its configuration have now."
)


class PulumiProvider:
    """Resources and functions of one process, in the account that `configure` names."""

    def __init__(
        self, engine_client: EngineClient, environ: Mapping[str, str], client_factory: ClientFactory, clock: Clock
    ) -> None:
        self._engine_client = engine_client
        self._environ = environ
        self._client_factory = client_factory
        self._clock = clock
        self._settings: Settings | None = None
        self._key_from_engine = False
        self._api: asyncio.Future[Api] | None = None
        self._crud_handler = CrudHandler(self._get_client, engine_client, clock)
        self._clients: list[Api] = []
        self._asset_cache = AssetCache()
        self._addresses: dict[tuple[str, str], str] = {}
        self._api_in_use = False
        """Whether the program sends requests in a preview anyway, so that a plan may do so too."""
        self._preflight: Preflight | None = None
        self._logged: set[str] = set()

    def configure(self, request: provider_pb2.ConfigureRequest) -> None:
        """Use the account of the configuration from now on; no request is sent."""
        self._settings = config.parse_settings(request, self._environ)
        self._key_from_engine = "apiKey" in request.args
        self._api = self._preflight = None
        self._addresses = {}
        self._crud_handler = CrudHandler(self._get_client, self._engine_client, self._clock)

    def secrets(self, request: Any) -> list[Any]:
        """Return the secrets in the request, by the program or by their declaration, and the API key."""
        declared = self._declared_properties(request)
        secrets = [self._settings.api_key if self._settings else None]
        for _, value in request.ListFields():
            if isinstance(value, struct_pb2.Struct):
                secrets += mark_secrets(declared, unmarshal(value)).secret_values()
        return secrets

    def check_config(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        """Return the configuration to store and its failures."""
        return config.check(request, self._environ)

    def diff_config(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        """Return what differs between two configurations."""
        return config.diff(request)

    async def check(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        """Return the inputs to store and their failures."""
        warnings: list[str] = []
        resource = self._resource_of(request)
        checked = await self._run_plan(resource, plan.check, request, self._asset_cache, warnings.append)
        for text in warnings:
            self._engine_client.warn(request.urn, text)
        return checked

    async def diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        """Return what has to change."""
        lines: list[str] = []
        response = await self._run_plan(self._resource_of(request), plan.diff, request, self._asset_cache, lines.append)
        for text in lines:
            if text not in self._logged:  # many resources have the same to say
                self._logged.add(text)
                self._engine_client.log(request.urn, text)
        return response

    async def create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        """Create the resource; in a preview, return what is known of it before."""
        resource = self._resource_of(request)
        if request.preview:
            await self._require_references(resource, unmarshal(request.properties).values)
            properties = await self._run_plan(resource, plan.preview, None, request.properties)
            return provider_pb2.CreateResponse(properties=properties)
        return await self._crud_handler.create(resource, request)

    async def update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        """Update the resource; in a preview, return what is known of it before."""
        resource = self._resource_of(request)
        if request.preview:
            old_inputs = unmarshal(request.old_inputs).values
            await self._require_references(resource, unmarshal(request.news).values, old_inputs)
            properties = await self._run_plan(resource, plan.preview, request.olds, request.news)
            return provider_pb2.UpdateResponse(properties=properties)
        return await self._crud_handler.update(resource, request)

    async def read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """Read the resource."""
        with self._explain_state_key():
            return await self._crud_handler.read(self._resource_of(request), request)

    async def delete(self, request: provider_pb2.DeleteRequest) -> None:
        """Delete the resource."""
        with self._explain_state_key():
            await self._crud_handler.delete(self._resource_of(request), request)

    async def invoke(self, request: provider_pb2.InvokeRequest) -> provider_pb2.InvokeResponse:
        """Return the result of the function, or the failures of its arguments."""
        function = find_function(_name_of_token(request.tok))
        if function is None:
            raise InputError("tok", f"this version of the provider has no function {request.tok}")
        arguments = unmarshal(request.args)
        properties = function.arguments.properties
        try:
            failures = unsupported_values(arguments.values, properties)
            failures = failures or validate(function.arguments, arguments.values)
            if not failures:
                api = await self._get_client()
                result = await function.call(api, parse(function.arguments, arguments.values))
                await api.require_project()
                self._api_in_use = True
        except InputError as error:
            failures = [ValidationFailure(error.path, error.reason)]
        if failures:
            secret_names = arguments.secret_names(properties)
            failures = [redact_failure(failure, secret_names) for failure in failures]
            return provider_pb2.InvokeResponse(failures=plan.marshal_failures(failures))
        values = result.to_properties()
        # the result may repeat a secret argument
        secrets = frozenset((name,) for name in values) if arguments.secrets else frozenset()
        return _invoke_response(marshal(mark_secrets(function.result.properties, PropertyMap(values, secrets))))

    async def list(self, request: provider_pb2.ListRequest) -> AsyncIterator[provider_pb2.ListResponse]:
        """Yield the existing resources."""
        from neev_provider.adapters.pulumi.plugin import list_resources  # noqa: PLC0415  only some engines ask for it

        api = await self._get_client()
        async for response in list_resources.list_resources(api, self._resource_of_token(request.token), request):
            yield response

    def cancel(self) -> None:
        """End every operation at once, with what exists."""
        self._crud_handler.executor.cancel()

    async def aclose(self) -> None:
        """Close every connection."""
        for api in self._clients:
            await api.aclose()

    async def _run_plan(self, resource: AnyResource, operation: Callable[..., T], *arguments: Any) -> T:
        """Return the result of a step of a plan. A slow one runs in a thread and ends if the provider is cancelled."""
        planner = (
            Planner(resource, self._settings.account, self._settings.labels, self._addresses)
            if self._settings
            else Planner(resource)
        )
        if not resource.is_slow:
            return operation(planner, *arguments)
        return await self._crud_handler.executor.run_unless_cancelled(
            run_in_thread(operation, planner, *arguments), "the plan"
        )

    async def _require_references(
        self, resource: AnyResource, new_inputs: Mapping[str, Any], old_inputs: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Raise an error if an input refers to a missing object; do nothing in a preview that sends no requests."""
        if self._api_in_use or (self._settings is not None and self._settings.check_on_preview):
            if self._preflight is None:
                self._preflight = Preflight(await self._get_client())
            await self._preflight.require(resource, new_inputs, old_inputs)

    async def _get_client(self) -> Api:
        if self._api is None:
            self._api = asyncio.ensure_future(self._require_configured())
        return self._api.result() if self._api.done() else await asyncio.shield(self._api)

    async def _require_configured(self) -> Api:
        if self._settings is None:
            raise ConfigError("the provider is used before it is configured", hint="")
        # reading the trusted certificates takes too long for the event loop
        api = await asyncio.to_thread(self._client_factory, self._settings)
        self._clients.append(api)
        return api

    @contextlib.contextmanager
    def _explain_state_key(self) -> Iterator[None]:
        """Add to the error of a rejected key that without a program the engine passes the key of the state."""
        try:
            yield
        except Unauthorized as error:
            if self._key_from_engine:
                error.hint = f"{render_text(error.hint, PULUMI)} {STATE_KEY_HINT}"
            raise

    def _declared_properties(self, request: Any) -> Mapping[str, Property]:
        """Return the properties of the request's resource or function, else those of the provider."""
        if isinstance(request, provider_pb2.InvokeRequest):
            function = find_function(_name_of_token(request.tok))
            return function.arguments.properties if function else {}
        try:
            resource = self._resource_of(request)
        except (AttributeError, InputError):
            return ProviderConfig.properties
        return {**resource.inputs.properties, **resource.outputs.properties}

    def _resource_of(self, request: Any) -> AnyResource:
        _, _, types = request.urn.rpartition("::")[0].rpartition("::")
        return self._resource_of_token(request.type or types.rpartition("$")[2])

    def _resource_of_token(self, token: str) -> AnyResource:
        resource = find_resource(_name_of_token(token))
        if resource is None:
            raise InputError("type", f"this version of the provider has no resource {token}")
        return resource


def _name_of_token(token: str) -> str:
    """Return the name in `neev:index:name`, or nothing if the token is of another package."""
    prefix, _, name = token.rpartition(":")
    return name if prefix == f"{PACKAGE}:index" else ""


def _invoke_response(values: struct_pb2.Struct) -> provider_pb2.InvokeResponse:
    response = provider_pb2.InvokeResponse()
    result: struct_pb2.Struct = getattr(response, "return")  # a keyword in Python
    result.CopyFrom(values)
    return response
