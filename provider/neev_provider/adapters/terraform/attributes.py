"""The attributes of resources, data sources and the provider, derived from the declarations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from neev_provider.adapters.shared.schema_types import AnyType, AssetType, ObjectType, PrimitiveType, TypeSpec, type_of
from neev_provider.core.function import Function
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.markers import AutoName, Computed, Derived, Replace, Secret, SecretIf, Stable
from neev_provider.core.model import Model, Property
from neev_provider.core.validation import OneRequired

ID: Final = "id"
TIMEOUTS: Final = "timeouts"
SECRET_PREFIX: Final = "secret_"  # noqa: S105  the prefix of a name
"""Prefix of the sensitive twin of an output that is secret in some configurations only."""
WRITE_ONLY_SUFFIX: Final = "_wo"
VERSION_SUFFIX: Final = "_wo_version"
TEXT: Final = PrimitiveType(str)
REPLACES: Final = "A change replaces the resource."


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute of a schema. Exactly one of required, optional, computed, or optional and computed."""

    name: str
    type: TypeSpec
    prop: Property | None = None
    """The declared property; ``None`` for an attribute of the engine's own."""
    text: str = ""
    """The description of an attribute of the engine's own."""
    required: bool = False
    optional: bool = False
    computed: bool = False
    stable: bool = False
    """Whether no update in place changes the output."""
    sensitive: bool = False
    write_only: bool = False

    @property
    def description(self) -> str:
        """Return the description; reading it from the declaration takes time."""
        if self.prop is None:
            return self.text
        if self.is_input:
            return f"{self.prop.description} {REPLACES}" if self.prop.has(Replace) else self.prop.description
        if not is_sometimes_secret(self.prop):
            return self.prop.description
        if self.name.startswith(SECRET_PREFIX):
            return f"`{self.prop.field}` if it is secret. Absent otherwise."
        return f"{self.prop.description}\n\nAbsent if it is secret: `{SECRET_PREFIX}{self.name}` has it then."

    @property
    def is_input(self) -> bool:
        """Return whether a configuration may set the attribute."""
        return self.required or self.optional


Attributes = Mapping[str, Attribute]


@cache
def resource_attributes(resource: AnyResource) -> Attributes:
    """Return the attributes of a resource, by name."""
    inputs = [_input(prop) for prop in served_properties(resource.inputs)]
    outputs = [attribute for prop in served_properties(resource.outputs) for attribute in _outputs(prop)]
    secrets = [item for attribute in inputs for item in _write_only(attribute)]
    own_id = Attribute(name=ID, type=TEXT, text="Id of the resource.", computed=True, stable=True)
    return _by_name([own_id, *inputs, *secrets, *outputs])


@cache
def data_source_attributes(arguments: type[Model], result: type[Model]) -> Attributes:
    """Return the attributes of a data source: arguments, and the results that are no credentials."""
    given = {prop.field: _argument(prop) for prop in arguments.properties.values()}
    found = {prop.field: _computed(prop) for prop in served_properties(result)}
    both = {
        name: replace(
            found[name], required=given[name].required, optional=given[name].optional, computed=given[name].optional
        )
        for name in given.keys() & found.keys()
    }
    return _by_name([*({**given, **found, **both}.values())])


@cache
def ephemeral_attributes(arguments: type[Model], result: type[Model]) -> Attributes:
    """Return the attributes of an ephemeral resource: arguments and every result."""
    given = [_argument(prop) for prop in arguments.properties.values()]
    names = {attribute.name for attribute in given}
    return _by_name([*given, *(_computed(prop) for prop in result.properties.values() if prop.field not in names)])


@cache
def argument_attributes(arguments: type[Model]) -> Attributes:
    """Return the attributes of a configuration that has arguments alone."""
    return _by_name([_argument(prop) for prop in arguments.properties.values()])


@cache
def setting_attributes(model: type[Model]) -> Attributes:
    """Return the attributes of the provider's configuration, none of which is required."""
    return _by_name([replace(_argument(prop), required=False, optional=True) for prop in model.properties.values()])


@cache
def nested_attributes(model: type[Model], *, is_input: bool) -> Attributes:
    """Return the attributes of a nested object."""
    return _by_name([(_argument if is_input else _computed)(prop) for prop in served_properties(model)])


@cache
def served_properties(model: type[Model]) -> tuple[Property, ...]:
    """Return the properties that a state holds: this engine has no assets, and states are no place for credentials."""
    return tuple(
        prop
        for prop in model.properties.values()
        if not isinstance(type_of(prop), AssetType) and not _is_credential(prop)
    )


def is_ephemeral(function: Function[Any, Any]) -> bool:
    """Return whether the function returns a credential, which no state may hold."""
    return any(prop.required and _is_credential(prop) for prop in function.result.properties.values())


def _is_credential(prop: Property) -> bool:
    secret = prop.find(Secret)
    return secret is not None and secret.is_credential


def has_object(type_spec: TypeSpec) -> bool:
    """Return whether values of the type are objects with declared properties, or collections of them."""
    inner = getattr(type_spec, "item", None) or getattr(type_spec, "value", None)
    return isinstance(type_spec, ObjectType) or (inner is not None and has_object(inner))


def is_json(type_spec: TypeSpec) -> bool:
    """Return whether a value of the type is a JSON text here, because its structure is not declared."""
    return isinstance(getattr(type_spec, "value", None), AnyType)


def _by_name(attributes: Iterable[Attribute]) -> Attributes:
    return {attribute.name: attribute for attribute in sorted(attributes, key=lambda item: item.name)}


def _argument(prop: Property) -> Attribute:
    required = prop.required or prop in only_choices(prop.owner).values()
    return Attribute(
        name=prop.field,
        type=type_of(prop),
        prop=prop,
        required=required,
        optional=not required,
        sensitive=prop.has(Secret),
    )


def _input(prop: Property) -> Attribute:
    attribute = _argument(prop)
    return replace(attribute, computed=attribute.optional and _has_value_if_unset(prop))


@cache
def only_choices(model: type[Model]) -> Mapping[str, Property]:
    """Return the input that has to be set for each (camelCase) that this engine lacks and that could be set for it."""
    found: dict[str, Property] = {}
    for rule in model.rules:
        if isinstance(rule, OneRequired):
            choices = [prop for prop in model.properties.values() if prop.field in rule.fields]
            served = [prop for prop in choices if prop in served_properties(model)]
            found |= {prop.name: served[0] for prop in choices if len(served) == 1 and prop not in served}
    return found


def _has_value_if_unset(prop: Property) -> bool:
    """Return whether the input can have a value that the configuration does not set."""
    replacement = prop.find(Replace)
    is_kept = replacement is not None and replacement.if_configured
    return is_kept or prop.has(Computed) or prop.has(AutoName) or prop.default is not None


def _computed(prop: Property) -> Attribute:
    return Attribute(
        name=prop.field,
        type=type_of(prop),
        prop=prop,
        computed=True,
        stable=prop.find(Stable) == Stable(),
        sensitive=prop.has(Secret),
    )


def is_sometimes_secret(prop: Property) -> bool:
    """Return whether the output is secret in some configurations only."""
    derived = prop.find(Derived)
    return prop.has(SecretIf) or (derived is not None and derived.inputs is None)


def _outputs(prop: Property) -> list[Attribute]:
    """Return the attribute of an output, and its sensitive twin if only the configuration decides what is secret."""
    plain = _computed(prop)
    if not is_sometimes_secret(prop):
        return [plain]
    return [plain, replace(plain, name=f"{SECRET_PREFIX}{prop.field}", sensitive=True)]


def _write_only(attribute: Attribute) -> list[Attribute]:
    """Return the write-only twin of a secret input, and the version whose change announces another value."""
    secret = attribute.prop.find(Secret) if attribute.prop else None
    if secret is None or secret.is_compared or attribute.computed or attribute.required:
        return []
    name = attribute.name
    return [
        Attribute(
            name=f"{name}{WRITE_ONLY_SUFFIX}",
            type=attribute.type,
            text=f"`{name}`, but stored in no plan and no state. Requires Terraform or OpenTofu 1.11. "
            f"Change `{name}{VERSION_SUFFIX}` together with it. Conflicts with `{name}`.",
            optional=True,
            sensitive=True,
            write_only=True,
        ),
        Attribute(
            name=f"{name}{VERSION_SUFFIX}",
            type=PrimitiveType(int),
            text=f"Version of `{name}{WRITE_ONLY_SUFFIX}`. A change means that its value has changed"
            f"{', and replaces the resource' if attribute.prop and attribute.prop.has(Replace) else ''}.",
            optional=True,
        ),
    ]
