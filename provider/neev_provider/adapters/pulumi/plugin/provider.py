"""The provider behind the plugin: each call is answered by the resource or the function that it is about."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2

from neev_provider.adapters.pulumi.assets import Handed
from neev_provider.adapters.pulumi.marshal import (
    decode,
    decode_plain,
    encode,
    foreign,
    holds_secret,
    plain,
    sealed,
    sealed_by,
    secret_names,
    secrets_in,
)
from neev_provider.adapters.pulumi.plugin import config, plan
from neev_provider.adapters.pulumi.plugin.crud import Operations
from neev_provider.adapters.pulumi.plugin.engine_client import Engine
from neev_provider.adapters.shared.config import PACKAGE, ProviderConfig
from neev_provider.adapters.shared.preflight import Beforehand
from neev_provider.client import Api, Settings
from neev_provider.core.clock import Clock
from neev_provider.core.errors import ConfigError, InputError, Unauthorized
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.model import Property
from neev_provider.core.threads import run_in_thread
from neev_provider.core.validation import ValidationFailure, validate, parse, redact_failure
from neev_provider.functions import find_function
from neev_provider.resources import find_resource

T = TypeVar("T")
Connect = Callable[[Settings], Api]
STATE_KEY = (
    "A destroy or refresh uses the old key that the stack's state holds: "
    "add `--run-program`, and it uses the one that the program and its configuration have now."
)


class Provider:
    """The resources and functions of one process, and the account that ``configure`` names."""

    def __init__(self, engine: Engine, environ: Mapping[str, str], connect: Connect, clock: Clock) -> None:
        self._engine = engine
        self._environ = environ
        self._connect = connect
        self._clock = clock
        self._settings: Settings | None = None
        self._handed_key = False
        self._api: asyncio.Future[Api] | None = None
        self._operations = Operations(self._connected, engine, clock)
        self._clients: list[Api] = []
        self._handed = Handed()
        self._asks = False
        """Whether the program asks the API anyway, so that a plan may do so too."""
        self._beforehand: Beforehand | None = None

    def configure(self, request: provider_pb2.ConfigureRequest) -> None:
        """Operations work in the account that the configuration names; nothing is sent yet."""
        self._settings = config.settings(request, self._environ)
        self._handed_key = "apiKey" in request.args
        self._api = self._beforehand = None
        self._operations = Operations(self._connected, self._engine, self._clock)

    def secrets(self, request: Any) -> list[Any]:
        """Return the secrets that the request holds, by their marks or by their declarations, and the API key."""
        declared = self._declared(request)
        given = (value for _, value in request.ListFields() if isinstance(value, struct_pb2.Struct))
        key = self._settings.api_key if self._settings else None
        return [key, *(each for values in given for each in secrets_in(sealed_by(declared, decode(values))))]

    def check_config(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        """The configuration as it is stored, and what is wrong with it."""
        return config.check(request, self._environ)

    def diff_config(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        """What differs in the configuration."""
        return config.diff(request)

    async def check(self, request: provider_pb2.CheckRequest) -> provider_pb2.CheckResponse:
        """The inputs as they are stored, and what is wrong with them."""
        warnings: list[str] = []
        resource = self._resource(request)
        checked = await self._planned(resource, plan.check, resource, request, self._handed, warnings.append)
        for text in warnings:
            self._engine.warn(request.urn, text)
        return checked

    async def diff(self, request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
        """What has to change; raises ``WrongAccount`` where the state records another account than the settings."""
        if self._settings is not None:
            self._settings.account.require_same(decode_plain(request.olds))
        resource = self._resource(request)
        return await self._planned(resource, plan.diff, resource, request, self._handed)

    async def create(self, request: provider_pb2.CreateRequest) -> provider_pb2.CreateResponse:
        """The resource exists and is ready; in a preview, what is known of it before."""
        resource = self._resource(request)
        if request.preview:
            await self._required(resource, decode_plain(request.properties))
            properties = await self._planned(resource, plan.preview_create, resource, request.properties)
            return provider_pb2.CreateResponse(properties=properties)
        return await self._operations.create(resource, request)

    async def update(self, request: provider_pb2.UpdateRequest) -> provider_pb2.UpdateResponse:
        """The resource is as asked for; in a preview, what is known of it before."""
        resource = self._resource(request)
        if request.preview:
            await self._required(resource, decode_plain(request.news), decode_plain(request.old_inputs))
            properties = await self._planned(resource, plan.preview_update, resource, request.olds, request.news)
            return provider_pb2.UpdateResponse(properties=properties)
        return await self._operations.update(resource, request)

    async def read(self, request: provider_pb2.ReadRequest) -> provider_pb2.ReadResponse:
        """The resource as it is now."""
        with self._state_key_named():
            return await self._operations.read(self._resource(request), request)

    async def delete(self, request: provider_pb2.DeleteRequest) -> None:
        """The resource is gone."""
        with self._state_key_named():
            await self._operations.delete(self._resource(request), request)

    async def invoke(self, request: provider_pb2.InvokeRequest) -> provider_pb2.InvokeResponse:
        """What the function answers, or which of its arguments cannot be."""
        function = find_function(_name(request.tok))
        if function is None:
            raise InputError("tok", f"this version of the provider has no function {request.tok}")
        arguments = decode(request.args)
        properties = function.arguments.properties
        try:
            failed = foreign(arguments, properties) or validate(function.arguments, plain(arguments))
            if not failed:
                api = await self._connected()
                result = await function.call(api, parse(function.arguments, plain(arguments)))
                await api.require_project()
                self._asks = True
        except InputError as error:
            failed = [ValidationFailure(error.path, error.reason)]
        if failed:
            secret = secret_names(properties, arguments)
            failed = [redact_failure(failure, secret) for failure in failed]
            return provider_pb2.InvokeResponse(failures=plan.failures_on_wire(failed))
        answer = sealed_by(function.result.properties, result.wire())
        if holds_secret(arguments):
            answer = {name: sealed(value) for name, value in answer.items()}  # it may repeat what it was asked with
        return _answered(encode(answer))

    async def list(self, request: provider_pb2.ListRequest) -> AsyncIterator[provider_pb2.ListResponse]:
        """What is there already."""
        from neev_provider.adapters.pulumi.plugin import list_resources  # noqa: PLC0415  only some engines ask for it

        api = await self._connected()
        async for each in list_resources.things(api, self._kind(request.token), request):
            yield each

    def cancel(self) -> None:
        """Every operation ends at once, with what it has."""
        self._operations.cancel()

    async def aclose(self) -> None:
        """Every connection is closed."""
        for api in self._clients:
            await api.aclose()

    async def _planned(self, resource: AnyResource, work: Callable[..., T], *arguments: Any) -> T:
        """The result of a part of a plan; what takes long is done beside the loop, and ends when all does."""
        if not resource.is_slow:
            return work(*arguments)
        return await self._operations.unless_cancelled(run_in_thread(work, *arguments), "the plan")

    async def _required(
        self, resource: AnyResource, new: Mapping[str, Any], old: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        """Return only where a plan may go on: where it is to ask the API, that has what the inputs name."""
        if self._asks or (self._settings is not None and self._settings.check_on_preview):
            if self._beforehand is None:
                self._beforehand = Beforehand(await self._connected())
            await self._beforehand.require(resource, new, old)

    async def _connected(self) -> Api:
        if self._api is None:
            self._api = asyncio.ensure_future(self._made())
        return await asyncio.shield(self._api)

    async def _made(self) -> Api:
        if self._settings is None:
            raise ConfigError("the provider is used before it is configured", hint="")
        # reading the certificates that are trusted takes too long for the loop that everything runs on
        api = await asyncio.to_thread(self._connect, self._settings)
        self._clients.append(api)
        return api

    @contextlib.contextmanager
    def _state_key_named(self) -> Iterator[None]:
        """Say of a key that is not accepted where it may come from: without the program, the engine has the state's."""
        try:
            yield
        except Unauthorized as error:
            if self._handed_key:
                error.hint = f"{error.hint} {STATE_KEY}"
            raise

    def _declared(self, request: Any) -> Mapping[str, Property]:
        """The properties that the request is about; the provider's own where it is about no resource or function."""
        if isinstance(request, provider_pb2.InvokeRequest):
            function = find_function(_name(request.tok))
            return function.arguments.properties if function else {}
        try:
            resource = self._resource(request)
        except (AttributeError, InputError):
            return ProviderConfig.properties
        return {**resource.inputs.properties, **resource.outputs.properties}

    def _resource(self, request: Any) -> AnyResource:
        _, _, kinds = request.urn.rpartition("::")[0].rpartition("::")
        return self._kind(request.type or kinds.rpartition("$")[2])

    def _kind(self, token: str) -> AnyResource:
        resource = find_resource(_name(token))
        if resource is None:
            raise InputError("type", f"this version of the provider has no resource {token}")
        return resource


def _name(token: str) -> str:
    """The name in ``neev:index:name``; nothing where the token is another package's."""
    prefix, _, name = token.rpartition(":")
    return name if prefix == f"{PACKAGE}:index" else ""


def _answered(values: struct_pb2.Struct) -> provider_pb2.InvokeResponse:
    response = provider_pb2.InvokeResponse()
    result: struct_pb2.Struct = getattr(response, "return")  # a keyword of Python
    result.CopyFrom(values)
    return response
