"""The resources as dynamic resources of a Python program: nothing to install but this package.

A provider object is pickled into the state, so it carries nothing: its class is found by name (never rename or move
one, or old states could not be deleted) and the key arrives through ``configure``.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from pulumi import dynamic
from typing_extensions import override

from neev_provider.adapters.pulumi.dynamic import event_loop, host_patches
from neev_provider.adapters.pulumi.dynamic.event_loop import beforehand
from neev_provider.adapters.pulumi.dynamic.python_names import check_failures, in_python, of_resource
from neev_provider.adapters.pulumi.dynamic.secrets import (
    SECRETS,
    redacted,
    sealed_outputs,
    secret_inputs,
    shown_failures,
)
from neev_provider.adapters.pulumi.dynamic.values import Values, from_host, to_host
from neev_provider.adapters.pulumi.property_paths import covers
from neev_provider.adapters.shared import config
from neev_provider.client import Api
from neev_provider.client.settings import Settings
from neev_provider.core import lifecycle
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.diff import AUTONAMED_KEY
from neev_provider.core.errors import NeevError, OutcomeUnknown
from neev_provider.core.lifecycle import AnyResource, StoredResource, ResourceInitFailed
from neev_provider.core.names import generate_name
from neev_provider.core.redaction import redact
from neev_provider.core.resource import OperationContext
from neev_provider.core.validation import INTERNAL_PREFIX, user_properties
from neev_provider.core.wait import Deadline
from neev_provider.resources.agent import AgentResource
from neev_provider.resources.command import CommandResource
from neev_provider.resources.file.directory import DirectoryResource
from neev_provider.resources.file.file import FileResource
from neev_provider.resources.image.golden_image import GoldenImageResource
from neev_provider.resources.pool.sandbox_pool import SandboxPoolResource
from neev_provider.resources.preview_port import PreviewPortResource
from neev_provider.resources.sandbox.fork import SandboxForkResource
from neev_provider.resources.sandbox.sandbox import SandboxResource
from neev_provider.resources.snapshot import SnapshotResource

INPUTS = f"{INTERNAL_PREFIX}inputs"
"""Hidden output: which properties the program set, since the host hands over only the outputs of the old state."""
BEFORE = f"{INTERNAL_PREFIX}before"
"""Hidden input: which properties the program set the last time; only ``check`` is handed the old inputs."""
TIMEOUTS = f"{INTERNAL_PREFIX}timeouts"
"""Hidden input: the seconds of ``custom_timeouts`` per verb, which the host does not hand over either."""
LABEL = f"{INTERNAL_PREFIX}label"
"""Hidden input: the resource's name in the program, for names and messages; the host keeps it to itself."""
ASKS = f"{INTERNAL_PREFIX}asks"
"""Hidden input of a plan that asks the API whether what inputs name is there; it is not stored."""
REPLACE_ON_CHANGES = f"{INTERNAL_PREFIX}replaceOnChanges"
"""Hidden input: the paths of ``replace_on_changes``, to which the engine pays no heed where a diff has no paths."""
NOT_KEPT = "Look at what came of it first: the next `up` does it again, for a dynamic resource cannot keep that."
CARRIED = (TIMEOUTS, LABEL, AUTONAMED_KEY, SECRETS)

T = TypeVar("T")


class Provider(dynamic.ResourceProvider):
    """The verbs of one kind of resource, as the dynamic host calls them; each call is a thread of the host."""

    serialize_as_secret_always = False  # the pickle holds a class's name and nothing else
    resource: ClassVar[AnyResource]

    @override
    def configure(self, req: dynamic.ConfigureRequest) -> None:
        host_patches.adapt()
        config.require_known(getattr(req.config, "_props", ()), getattr(req.config, "_project_name", ""))
        settings = {name: req.config.get(f"{config.PACKAGE}:{name}") for name in config.ProviderConfig.properties}
        self._settings: Settings = config.settings(settings, os.environ)

    def __getstate__(self) -> None:
        """Nothing goes into a pickle, also of a provider that is configured."""

    def _run(self, call: OperationContext, work: Callable[[Api], Awaitable[T]]) -> T:
        """The result of the work, done on the background loop; its errors name the resource."""

        async def connected() -> T:
            return await work(event_loop.connected(self._settings))

        try:
            return event_loop.run(connected())
        except ResourceInitFailed:
            raise
        except NeevError as error:
            raise self._about(error, call) from None

    @override
    @redacted
    def check(self, _olds: Values, news: Values) -> dynamic.CheckResult:
        label = str(news.get(LABEL) or self.resource.name)
        limit = self.resource.max_name_length
        old, new = from_host(_olds), from_host(news)
        asks = new.pop(ASKS, False)
        checked, failed = self.resource.check(
            old,
            new,
            lambda: generate_name(label, secrets.token_hex(4), max_length=limit),
            lambda text: self._warn(label, text),
        )
        if asks and not failed:
            call = self._call(new, "read", self.resource.timeouts.read)
            failed = self._run(call, lambda _: beforehand(self._settings).missing(self.resource, checked, old))
        # the first time what the second will say: inputs that differ would have the engine write the whole state anew
        checked[BEFORE] = sorted(user_properties(_olds or checked))
        shown = shown_failures(self.resource, failed, news)
        return dynamic.CheckResult(to_host(checked), check_failures(shown, of_resource(self.resource)))

    def _warn(self, label: str, text: str) -> None:
        # what the host writes there, the engine shows among its diagnostics
        sys.stderr.write(redact(f"warning: {self.resource.name} {label}: {text}\n"))

    @override
    @redacted
    def diff(self, _id: str, _olds: Values, _news: Values) -> dynamic.DiffResult:
        olds = from_host(_olds)
        try:
            self._settings.account.require_same(olds)
        except NeevError as error:
            raise self._about(error, self._call(_news, "update", self.resource.timeouts.update)) from None
        old = self._old_inputs(olds, _news)
        found = lifecycle.compute_diff(self.resource, old_inputs=old, state=olds, new_inputs=from_host(_news))
        paths = _news.get(REPLACE_ON_CHANGES) or ()
        forced = {each.property_name for each in found.changes if any(covers(path, each.path) for path in paths)}
        return dynamic.DiffResult(
            changes=bool(found.changes),
            replaces=sorted(forced | {change.property_name for change in found.changes if change.requires_replacement}),
            delete_before_replace=found.delete_before_replace,
        )

    @override
    @redacted
    def create(self, props: Values) -> dynamic.CreateResult:
        call = self._call(props, "create", self.resource.timeouts.create)
        try:
            stored = self._run(call, lambda api: lifecycle.create(self.resource, api, from_host(props), call))
        except ResourceInitFailed as unsettled:
            raise self._undone(unsettled, props) from None
        return dynamic.CreateResult(stored.id, self._sealed(stored, props))

    @override
    @redacted
    def read(self, id_: str, props: Values) -> dynamic.ReadResult:
        asked = self._old_inputs(props)
        call = self._call(props, "read", self.resource.timeouts.read)
        stored = self._run(call, lambda api: lifecycle.read(self.resource, api, id_, asked, props))
        if stored is None:
            return dynamic.ReadResult("", {})
        return dynamic.ReadResult(stored.id, self._sealed(stored, asked), dict(stored.inputs))

    @override
    @redacted
    def update(self, _id: str, _olds: Values, _news: Values) -> dynamic.UpdateResult:
        call = self._call(_news, "update", self.resource.timeouts.update)
        old, new = self._old_inputs(_olds, _news), from_host(_news)
        try:
            stored = self._run(
                call,
                lambda api: lifecycle.update(
                    self.resource, api, _id, old_inputs=old, state=_olds, new_inputs=new, context=call
                ),
            )
        except ResourceInitFailed as unsettled:
            if isinstance(unsettled.cause, OutcomeUnknown):
                raise self._said(f"{call.resource_name}: {unsettled.cause.summary} {NOT_KEPT}") from None
            raise self._about(unsettled, call) from None
        return dynamic.UpdateResult(self._sealed(stored, _news, _olds))

    @override
    @redacted
    def delete(self, _id: str, _props: Values) -> None:
        call = replace(self._call(_props, "delete", self.resource.timeouts.delete), stored=_props)
        self._run(call, lambda api: lifecycle.delete(self.resource, api, _id, call))

    def _old_inputs(self, olds: Values, news: Mapping[str, Any] = MappingProxyType({})) -> Values:
        # a run that changes only what the program says leaves the outputs as they were, so the news know better
        names = news.get(BEFORE) or olds.get(INPUTS) or self.resource.inputs.properties
        return {**{name: olds[name] for name in names if name in olds}, **_hidden(olds)}

    def _call(self, props: Values, verb: str, default: float) -> OperationContext:
        seconds = (props.get(TIMEOUTS) or {}).get(verb) or default
        name = props.get("name")
        resource = f"{self.resource.name} {props.get(LABEL) or ''}".strip() + (f" ({name})" if name else "")
        return OperationContext(
            resource,
            Deadline(seconds, SYSTEM_CLOCK, asyncio.Event()),
            secret_inputs=secret_inputs(self.resource, props),
        )

    def _sealed(self, stored: StoredResource, *asked: Values) -> Values:
        return sealed_outputs(self.resource, outputs(stored, asked[0]), *asked)

    def _undone(self, unsettled: ResourceInitFailed, props: Values) -> NeevError:
        """What was made is deleted: the host cannot keep a half-made resource, and nobody would know of it."""
        made = unsettled.stored
        call = replace(self._call(props, "delete", self.resource.timeouts.delete), stored=made.state)
        try:
            self._run(call, lambda api: lifecycle.delete(self.resource, api, made.id, call))
        except NeevError as error:
            return self._said(
                f"{call.resource_name}: {unsettled} It could not be deleted either, so {made.id} is still there: {error} "
                "Delete it yourself, or it goes on costing money."
            )
        if isinstance(unsettled.cause, OutcomeUnknown):
            return self._said(f"{call.resource_name}: {unsettled.cause.summary} {NOT_KEPT}")
        return self._said(f"{call.resource_name}: {unsettled} It had been made ({made.id}) and is deleted again.")

    def _about(self, error: NeevError, call: OperationContext) -> NeevError:
        return self._said(error.for_resource(call.resource_name))

    def _said(self, text: str) -> NeevError:
        """The error that says this with the program's own names."""
        return NeevError(in_python(redact(text), of_resource(self.resource)), hint="")


class SandboxProvider(Provider):
    """The verbs of `Sandbox`."""

    resource = SandboxResource()


class SandboxForkProvider(Provider):
    """The verbs of `SandboxFork`."""

    resource = SandboxForkResource()


class SandboxPoolProvider(Provider):
    """The verbs of `SandboxPool`."""

    resource = SandboxPoolResource()


class SnapshotProvider(Provider):
    """The verbs of `Snapshot`."""

    resource = SnapshotResource()


class PreviewPortProvider(Provider):
    """The verbs of `PreviewPort`."""

    resource = PreviewPortResource()


class AgentProvider(Provider):
    """The verbs of `Agent`."""

    resource = AgentResource()


class CommandProvider(Provider):
    """The verbs of `Command`."""

    resource = CommandResource()


class FileProvider(Provider):
    """The verbs of `File`."""

    resource = FileResource()


class DirectoryProvider(Provider):
    """The verbs of `Directory`."""

    resource = DirectoryResource()


class GoldenImageProvider(Provider):
    """The verbs of `GoldenImage`."""

    resource = GoldenImageResource()


PROVIDERS: Mapping[str, type[Provider]] = {
    kind.resource.name: kind
    for kind in (
        SandboxProvider,
        SandboxForkProvider,
        SandboxPoolProvider,
        SnapshotProvider,
        PreviewPortProvider,
        AgentProvider,
        CommandProvider,
        FileProvider,
        DirectoryProvider,
        GoldenImageProvider,
    )
}


def _hidden(values: Mapping[str, Any]) -> Values:
    return {key: values[key] for key in CARRIED if key in values}


def outputs(stored: StoredResource, asked: Mapping[str, Any]) -> Values:
    """What the host stores of a thing, but for the provider, which it adds itself."""
    return {**stored.state, **_hidden(asked), INPUTS: sorted(user_properties(stored.inputs))}
