"""The provider classes of dynamic resources, which need no other installation than this package.

A provider object is pickled into the state as the name of its class in ``pulumi_neev.dynamic_providers``. The pickle
contains nothing else: ``configure`` passes the key.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Coroutine, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

from pulumi import dynamic
from typing_extensions import override

from neev_provider.adapters.pulumi.dynamic import event_loop, host_patches
from neev_provider.adapters.pulumi.dynamic.event_loop import shared_preflight
from neev_provider.adapters.pulumi.dynamic.python_names import resource_names, to_check_failures, to_python_names
from neev_provider.adapters.pulumi.dynamic.secrets import (
    SECRET_NAMES,
    mark_secret_outputs,
    redact_errors,
    secret_inputs,
)
from neev_provider.adapters.pulumi.dynamic.values import Values, from_host, to_host
from neev_provider.adapters.pulumi.ownership import owner_of_urn
from neev_provider.adapters.pulumi.property_paths import covers
from neev_provider.adapters.pulumi.stack_config import require_known_settings
from neev_provider.adapters.shared import config
from neev_provider.adapters.shared.executor import Executor
from neev_provider.adapters.shared.hints import PULUMI, render
from neev_provider.adapters.shared.planner import Planner
from neev_provider.client import Api
from neev_provider.client.settings import Settings
from neev_provider.core.clock import SYSTEM_CLOCK
from neev_provider.core.content_resource import ContentResource
from neev_provider.core.diff import AUTONAMED_KEY
from neev_provider.core.errors import NeevError, OutcomeUnknown
from neev_provider.core.lifecycle import AnyResource, ResourceInitFailed, StoredResource
from neev_provider.core.names import generate_name
from neev_provider.core.redaction import redact
from neev_provider.core.resource import OperationContext
from neev_provider.core.validation import INTERNAL_PREFIX, ValidationFailure, redact_failure, user_properties
from neev_provider.resources import find_resource

INPUTS = f"{INTERNAL_PREFIX}inputKeys"
"""Hidden output: the properties that the program set, because the host passes only the outputs of the old state."""
PREVIOUS_INPUTS = f"{INTERNAL_PREFIX}oldInputKeys"
"""Hidden input: the properties that the program set last time, because the host passes old inputs only to ``check``."""
TIMEOUTS = f"{INTERNAL_PREFIX}timeouts"
"""Hidden input: the seconds of ``custom_timeouts`` per operation, which the host does not pass either."""
RESOURCE_NAME = f"{INTERNAL_PREFIX}resourceName"
"""Hidden input: the resource's name in the program, for names and messages, which the host does not pass either."""
URN = f"{INTERNAL_PREFIX}urn"
"""Hidden input: the URN of the resource, which the host does not pass either."""
CHECK_ON_PREVIEW = f"{INTERNAL_PREFIX}checkOnPreview"
"""Hidden input of a preview that verifies with requests that referenced objects exist; it is not stored."""
REPLACE_ON_CHANGES = f"{INTERNAL_PREFIX}replaceOnChanges"
"""Hidden input: the paths of ``replace_on_changes``, which the engine ignores if a diff has no paths."""
NOT_STORED_HINT = "Look at what came of it first: the next `up` does it again, for a dynamic resource cannot keep that."
NOT_RECORDED = "The state does not record what changed before that: if you undo the change, run `pulumi up --refresh`."
COPIED_KEYS = (TIMEOUTS, RESOURCE_NAME, AUTONAMED_KEY, SECRET_NAMES)
_ADDRESSES: dict[tuple[str, str], str] = {}
"""The addresses that a planner needs, of the one program that a host's process serves."""

T = TypeVar("T")


class DynamicProvider(dynamic.ResourceProvider):
    """The operations of the resource that gives the class its name; the host calls each in a thread of its own."""

    serialize_as_secret_always = False  # the pickle contains only the class's name

    @classmethod
    def resource_name(cls) -> str:
        """Return the name of the resource, derived from the name of the class."""
        return cls.__name__.removesuffix("Provider")

    @property
    def resource(self) -> AnyResource:
        """Return the declaration of the resource."""
        resource = find_resource(self.resource_name())
        if resource is None:
            raise AssertionError(f"{type(self).__name__} is named after no resource")
        return resource

    @override
    def configure(self, req: dynamic.ConfigureRequest) -> None:
        host_patches.patch_host(sys.modules["__main__"])
        require_known_settings(getattr(req.config, "_props", ()), getattr(req.config, "_project_name", ""))
        settings = {name: req.config.get(f"{config.PACKAGE}:{name}") for name in config.ProviderConfig.properties}
        self._settings: Settings = config.parse_settings(settings, os.environ)

    def __getstate__(self) -> None:
        """Return an empty state, so that a pickle contains no settings, even of a configured provider."""

    def _new_executor(self) -> Executor:
        """Return the executor of one operation: the host repeats no create in the same process."""

        async def connect() -> Api:
            return event_loop.shared_client(self._settings)

        return Executor(connect, SYSTEM_CLOCK)

    def _run(self, props: Values, operation: Coroutine[Any, Any, T]) -> T:
        """Run the operation on the background loop; add the resource's name to its errors."""
        try:
            return event_loop.run(operation)
        except NeevError as error:
            raise self._user_error(error, props) from None

    @override
    @redact_errors
    def check(self, _olds: Values, news: Values) -> dynamic.CheckResult:
        label = str(news.get(RESOURCE_NAME) or self.resource.name)
        limit = self.resource.max_name_length
        old, new = self._inputs(_olds), self._inputs(news)
        should_check = new.pop(CHECK_ON_PREVIEW, False)
        secret = secret_inputs(self.resource, news)
        checked, failures = self._new_planner().check(
            old,
            new,
            generate_name=lambda: generate_name(label, secrets.token_hex(4), max_length=limit),
            address=str(news.get(URN) or ""),
            secret_inputs=secret,
            warn=lambda text: self._warn(f"{self.resource.name} {label}", text),
        )
        if should_check and not failures:
            missing = self._run(new, self._find_missing_references(checked, old))
            failures = [redact_failure(failure, secret) for failure in missing]
        # the same marks as in the second check: with different inputs, the engine would write the whole state again
        checked[PREVIOUS_INPUTS] = sorted(user_properties(old or checked))
        if isinstance(self.resource, ContentResource) and not failures:
            # without paths in a diff, the engine shows the inputs that differ, so a digest shows that content does
            checked |= self.resource.planned_outputs({}, checked)
        return dynamic.CheckResult(to_host(checked), to_check_failures(failures, resource_names(self.resource)))

    async def _find_missing_references(self, new_inputs: Values, old_inputs: Values) -> list[ValidationFailure]:
        return await shared_preflight(self._settings).reference_failures(self.resource, new_inputs, old_inputs)

    def _warn(self, label: str, text: str) -> None:
        # the engine shows the host's stderr among its diagnostics
        sys.stderr.write(redact(f"warning: {label}: {to_python_names(text, resource_names(self.resource))}\n"))

    @override
    @redact_errors
    def diff(self, _id: str, _olds: Values, _news: Values) -> dynamic.DiffResult:
        planner, state = self._new_planner(), from_host(_olds)
        try:
            diff = planner.diff(_id, self._old_inputs(state, _news), state, self._inputs(_news), _log_once)
        except NeevError as error:
            raise self._user_error(error, _news) from None
        paths = _news.get(REPLACE_ON_CHANGES) or ()
        forced = {change.property_name for change in diff.changes if any(covers(path, change.path) for path in paths)}
        return dynamic.DiffResult(
            changes=bool(diff.changes),
            replaces=sorted(forced | {change.property_name for change in diff.changes if change.requires_replacement}),
            delete_before_replace=diff.delete_before_replace,
        )

    @override
    @redact_errors
    def create(self, props: Values) -> dynamic.CreateResult:
        executor = self._new_executor()
        operation = executor.create(
            self.resource,
            self._operation_context(executor, props, "create"),
            self._inputs(props),
            convert=lambda stored: dynamic.CreateResult(stored.id, self._mark_secret_outputs(stored, props)),
        )
        try:
            return self._run(props, operation)
        except ResourceInitFailed as failure:
            raise self._roll_back_create(failure, props) from None

    @override
    @redact_errors
    def read(self, id_: str, props: Values) -> dynamic.ReadResult:
        executor = self._new_executor()
        context = self._operation_context(executor, props, "read")
        operation = executor.read(self.resource, context, id_, self._old_inputs(props), props)
        stored = self._run(props, operation)
        if stored is None:
            return dynamic.ReadResult("", {})
        digests = self.resource.outputs.properties.keys() & set(props.get(INPUTS) or ())
        inputs = {**stored.inputs, **{name: stored.state[name] for name in digests}}
        return dynamic.ReadResult(stored.id, self._mark_secret_outputs(stored, inputs), inputs)

    @override
    @redact_errors
    def update(self, _id: str, _olds: Values, _news: Values) -> dynamic.UpdateResult:
        executor = self._new_executor()
        operation = executor.update(
            self.resource,
            self._operation_context(executor, _news, "update"),
            _id,
            old_inputs=self._old_inputs(_olds, _news),
            state=_olds,
            new_inputs=self._inputs(_news),
            convert=lambda stored: dynamic.UpdateResult(self._mark_secret_outputs(stored, _news, _olds)),
        )
        try:
            return self._run(_news, operation)
        except ResourceInitFailed as failure:
            names = self.resource.outputs.properties
            is_kept = all(failure.stored.state.get(name) == _olds.get(name) for name in names)
            raise self._init_error(failure, _news, "" if is_kept else NOT_RECORDED) from None

    @override
    @redact_errors
    def delete(self, _id: str, _props: Values) -> None:
        self._run(_props, self._delete(_id, _props, _props))

    def _delete(self, id: str, props: Values, state: Mapping[str, Any]) -> Coroutine[Any, Any, None]:
        executor = self._new_executor()
        return executor.delete(self.resource, self._operation_context(executor, props, "delete"), id, state)

    def _inputs(self, props: Values) -> Values:
        """Return the inputs without the outputs, which the program's class and ``check`` add to them."""
        outputs = self.resource.outputs.properties
        return {name: value for name, value in from_host(props).items() if name not in outputs}

    def _old_inputs(self, old_state: Values, new_inputs: Mapping[str, Any] = MappingProxyType({})) -> Values:
        # an update that changes only hidden inputs leaves the outputs as they are, so the new inputs take precedence
        names = new_inputs.get(PREVIOUS_INPUTS) or old_state.get(INPUTS) or self.resource.inputs.properties
        stored = {name: old_state[name] for name in names if name in old_state}
        return {**self._inputs(stored), **_copy_internal_keys(old_state)}

    def _new_planner(self) -> Planner:
        return Planner(self.resource, self._settings.account, self._settings.labels, _ADDRESSES)

    def _operation_context(self, executor: Executor, props: Values, verb: str) -> OperationContext:
        seconds = (props.get(TIMEOUTS) or {}).get(verb) or getattr(self.resource.timeouts, verb)
        secret = secret_inputs(self.resource, props)
        label, owner = self._describe(props), owner_of_urn(str(props.get(URN)))
        return executor.operation_context(
            label, seconds, secret_inputs=secret, owner=owner, warn=lambda text: self._warn(label, text)
        )

    def _describe(self, props: Values) -> str:
        name = props.get("name")
        return f"{self.resource.name} {props.get(RESOURCE_NAME) or ''}".strip() + (f" ({name})" if name else "")

    def _mark_secret_outputs(self, stored: StoredResource, *raw_inputs: Values) -> Values:
        return mark_secret_outputs(self.resource, host_outputs(stored, raw_inputs[0]), *raw_inputs)

    def _roll_back_create(self, failure: ResourceInitFailed, props: Values) -> NeevError:
        """Delete the created resource: the host cannot store a resource that failed, so no state would refer to it."""
        created = failure.stored
        try:
            event_loop.run(self._delete(created.id, props, created.state))
        except NeevError as error:
            outcome = (
                f"It could not be deleted either, so {created.id} is still there: {render(error, PULUMI)} "
                "Delete it yourself, or it goes on costing money."
            )
            return self._user_error(failure.__cause__ or failure, props, outcome)
        return self._init_error(failure, props, f"It had been made ({created.id}) and is deleted again.")

    def _init_error(self, failure: ResourceInitFailed, props: Values, outcome: str = "") -> NeevError:
        error = failure.__cause__ or failure
        if isinstance(error, OutcomeUnknown):
            error, outcome = OutcomeUnknown(error.summary, hint=NOT_STORED_HINT), ""
        return self._user_error(error, props, outcome)

    def _user_error(self, error: BaseException, props: Values, outcome: str = "") -> NeevError:
        """Return the error with the resource's name, the outcome, and Python's property names."""
        text = f"{render(error, PULUMI, self._describe(props))} {outcome}".strip()
        return NeevError(to_python_names(redact(text), resource_names(self.resource)), hint="")


@cache
def _log_once(text: str) -> None:
    # many resources have the same to say
    sys.stderr.write(redact(f"{text}\n"))


def _copy_internal_keys(values: Mapping[str, Any]) -> Values:
    return {key: values[key] for key in COPIED_KEYS if key in values}


def host_outputs(stored: StoredResource, raw_inputs: Mapping[str, Any]) -> Values:
    """Return the outputs that the host stores for a resource, without the provider, which the host adds."""
    return {**stored.state, **_copy_internal_keys(raw_inputs), INPUTS: sorted(user_properties(raw_inputs))}
