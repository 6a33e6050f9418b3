"""The provider's own inputs, as the engine checks, compares and hands them over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi.runtime.proto import provider_pb2

from pulumi_neev.client import Settings
from pulumi_neev.core.checking import failures
from pulumi_neev.core.diffing import Change, Difference, Kind
from pulumi_neev.core.errors import ConfigError
from pulumi_neev.core.marks import Replace
from pulumi_neev.core.model import UNKNOWN, Property
from pulumi_neev.core.scalars import taken
from pulumi_neev.faces import config
from pulumi_neev.faces.config import ENGINES, PACKAGE, ProviderConfig
from pulumi_neev.faces.planning import answer, failures_on_wire
from pulumi_neev.faces.values import decode, decode_plain, encode, foreign, plain
from pulumi_neev.faces.wire_errors import not_configured

DEFAULT = "default"
"""What the names of the engine's own providers begin with; those read the configuration of the stack."""
PLACES = ("orgId", "projectId", "baseUrl", "previousBaseUrl")
"""Where the resources are: kept in the state also where the environment says it, so that a change is noticed."""


def check(request: provider_pb2.CheckRequest, environ: Mapping[str, str]) -> provider_pb2.CheckResponse:
    """The configuration as it is stored, and what is wrong with it."""
    news = decode(request.news)
    for name in PLACES:
        found = config.from_environment(name, environ) or config.DEFAULTS.get(name)
        if news.get(name) in (None, "") and found:
            news[name] = found
    failed = foreign(news, ProviderConfig.properties) or failures(ProviderConfig, typed(_ours(plain(news))))
    return provider_pb2.CheckResponse(inputs=encode(news), failures=failures_on_wire(failed))


def diff(request: provider_pb2.DiffRequest) -> provider_pb2.DiffResponse:
    """What differs; another organisation, project or address is another place, so everything in it is replaced."""
    olds = request.old_inputs if request.HasField("old_inputs") else request.olds
    old, new = (typed(_ours(decode_plain(each))) for each in (olds, request.news))
    if _meant(old.get("baseUrl")) in (None, _meant(new.get("previousBaseUrl"))):
        # not recorded by an earlier version, or the same service under another address
        old["baseUrl"] = new.get("baseUrl")
    changes = tuple(
        _change(declared, old.get(name), new.get(name))
        for name, declared in ProviderConfig.properties.items()
        if _meant(old.get(name)) != _meant(new.get(name))
    )
    return answer(Difference(changes), inputs=frozenset(ProviderConfig.properties))


def settings(request: provider_pb2.ConfigureRequest, environ: Mapping[str, str]) -> Settings:
    """The settings to work with; raises the refusal that makes the engine ask for what is missing."""
    try:
        return config.settings(typed(_ours(decode_plain(request.args))), environ)
    except config.MissingConfig as error:
        name = request.name or request.urn.rpartition("::")[2]
        if name and not name.startswith(DEFAULT):
            raise _not_given(name, error.missing) from error
        properties = ProviderConfig.properties
        missing = [(f"{PACKAGE}:{name}", properties[name].description) for name in error.missing]
        raise not_configured(str(error), missing) from error


def _not_given(name: str, missing: list[str]) -> ConfigError:
    """Return the error of a provider of the program's own, which the engine would explain as it does the default's."""
    said = " and ".join(f"`{each}` (or the variable {config.variables(each)[0]})" for each in missing)
    return ConfigError(
        f"the provider {name!r} of the program is not configured: it lacks {said}",
        hint=f"It reads its arguments and the environment, and not the configuration of the stack ({PACKAGE}:…): "
        f"give it {' and '.join(f'`{each}`' for each in missing)}.",
    )


def typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values by their declared types: the engine and the SDKs hand over what is no text as text."""
    return taken(ProviderConfig.properties, values)


def _ours(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in ENGINES}


def _meant(value: Any) -> Any:
    return value.rstrip("/") or None if isinstance(value, str) else value


def _change(declared: Property, old: Any, new: Any) -> Change:
    kind = Kind.ADD if old is None else Kind.DELETE if new is None else Kind.UPDATE
    # a setting that was or is left to the environment may well have the same value there
    known = kind is Kind.UPDATE and UNKNOWN not in (old, new)
    return Change(declared.name, kind, replace=known and declared.has(Replace))
