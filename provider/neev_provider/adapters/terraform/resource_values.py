"""The values of one resource: what the engine sends, as the core has them, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from neev_provider.adapters.terraform.attributes import (
    ID,
    SECRET_PREFIX,
    TIMEOUTS,
    VERSION_SUFFIX,
    WRITE_ONLY_SUFFIX,
    Attribute,
    Attributes,
    is_sometimes_secret,
    resource_attributes,
)
from neev_provider.adapters.terraform.conversion import keep_form, properties_to_core, to_core
from neev_provider.adapters.terraform.private_state import PrivateState
from neev_provider.adapters.terraform.values import Values
from neev_provider.core.diff import AUTONAMED_KEY
from neev_provider.core.lifecycle import AnyResource, StoredResource
from neev_provider.core.markers import Computed, Derived, Secret
from neev_provider.core.model import Property


@dataclass(frozen=True)
class ResourceValues:
    """The configuration and the prior state of one resource, both in the engine's form."""

    resource: AnyResource
    config: Mapping[str, Any] = field(repr=False)
    prior: Mapping[str, Any] | None = field(default=None, repr=False)
    private: PrivateState = field(default_factory=PrivateState, repr=False)

    @cached_property
    def attributes(self) -> Attributes:
        """Return the attributes of the resource."""
        return resource_attributes(self.resource)

    @cached_property
    def write_only(self) -> Mapping[str, Property]:
        """Return the inputs that the configuration sets by a write-only attribute, by the attribute's name."""
        return {
            name: prop for name, prop in write_only_inputs(self.resource).items() if self.config.get(name) is not None
        }

    @cached_property
    def written_before(self) -> Mapping[str, Property]:
        """Return the inputs that the last apply set by a write-only attribute, by the attribute's name."""
        return {
            name: prop
            for name, prop in write_only_inputs(self.resource).items()
            if (self.prior or {}).get(f"{prop.field}{VERSION_SUFFIX}") is not None
        }

    @cached_property
    def new_inputs(self) -> Values:
        """Return the inputs of the configuration as the core has them."""
        written = {prop.name: to_core(prop, self.config[name]) for name, prop in self.write_only.items()}
        return {**properties_to_core(self.resource.inputs, self.config), **written}

    @cached_property
    def old_inputs(self) -> Values:
        """Return the inputs of the last apply as the core has them.

        A write-only value whose version is the same counts as unchanged, because no state has it. Another one that
        the last apply set is empty here, so that it differs from what the configuration says now.
        """
        if self.prior is None:
            return {}
        stored, names = properties_to_core(self.resource.inputs, self.prior), self.private.input_names
        known = {name: value for name, value in stored.items() if names is None or name in names}
        generated = {AUTONAMED_KEY: True} if AUTONAMED_KEY in (names or ()) else {}
        kept = {
            prop.name: self.new_inputs[prop.name]
            for prop in self.write_only.values()
            if (version := f"{prop.field}{VERSION_SUFFIX}") and self.prior[version] == self.config[version]
        }
        return {**known, **generated, **{prop.name: {} for prop in self.written_before.values()}, **kept}

    @cached_property
    def state(self) -> Values:
        """Return the stored state as the core has it."""
        prior = self.prior or {}
        inputs = {
            name: value
            for name, value in properties_to_core(self.resource.inputs, prior).items()
            if name in self.old_inputs or self.resource.inputs.properties[name].has(Computed)
        }
        outputs = {
            attribute.prop.name: to_core(attribute.prop, prior[name])
            for name, attribute in self.attributes.items()
            if attribute.prop is not None and not attribute.is_input and prior.get(name) is not None
        }
        return {**outputs, **inputs, **self.private.hidden}

    @property
    def is_import(self) -> bool:
        """Return whether the state has nothing but the id, as at the beginning of an import."""
        return self.private.input_names is None

    @property
    def left_out(self) -> frozenset[str]:
        """Return the inputs (camelCase) that are stored nowhere."""
        unset = {name: prop for name, prop in self.written_before.items() if self.config.get(prop.field) is None}
        return frozenset(prop.name for prop in {**unset, **self.write_only}.values())

    def to_state(self, stored: StoredResource, form: Mapping[str, Any] | None) -> Values:
        """Return the engine's state of the stored resource. Values that mean the same keep their form."""
        secret_inputs = declared_secrets(self.resource, stored.inputs)
        shown = {name: value for name, value in stored.inputs.items() if name not in self.left_out}
        return {
            name: _stored_value(attribute, stored.state, shown, (form or {}).get(name), secret_inputs)
            for name, attribute in self.attributes.items()
        } | {ID: stored.id, TIMEOUTS: (form or {}).get(TIMEOUTS)}


def write_only_inputs(resource: AnyResource) -> Mapping[str, Property]:
    """Return the inputs that a write-only attribute can set, by the attribute's name. They are maps."""
    named = {prop.field: prop for prop in resource.inputs.properties.values()}
    attributes = resource_attributes(resource).values()
    return {item.name: named[item.name.removesuffix(WRITE_ONLY_SUFFIX)] for item in attributes if item.write_only}


def imported_state(resource: AnyResource, id: str) -> Values:
    """Return the state of an object of which only the id is known."""
    return {**dict.fromkeys(resource_attributes(resource)), ID: id, TIMEOUTS: None}


def declared_secrets(resource: AnyResource, inputs: Mapping[str, Any]) -> frozenset[str]:
    """Return the inputs (camelCase) that are set and declared to be secret."""
    secrets = resource.inputs.properties_with(Secret)
    return frozenset(prop.name for prop in secrets if inputs.get(prop.name) is not None)


def is_secret_now(prop: Property, inputs: Mapping[str, Any], secret_inputs: frozenset[str]) -> bool:
    """Return whether the output is secret with these inputs (camelCase)."""
    derived = prop.find(Derived)
    return prop.is_secret(inputs) or (derived is not None and derived.is_secret(secret_inputs))


def _stored_value(
    attribute: Attribute, state: Mapping[str, Any], inputs: Mapping[str, Any], form: Any, secret_inputs: frozenset[str]
) -> Any:
    prop = attribute.prop
    if prop is None:  # an attribute of the engine's own, such as a version; a write-only one is null in the form
        return form
    if attribute.is_input:
        value = inputs.get(prop.name, state.get(prop.name) if prop.has(Computed) else None)
        # an input that the API does not report, and that is not set any more, is left as it is
        return form if value is None and attribute.computed and not prop.has(Computed) else keep_form(prop, form, value)
    if is_sometimes_secret(prop):
        is_secret = is_secret_now(prop, inputs, secret_inputs)
        if is_secret != attribute.name.startswith(SECRET_PREFIX):
            return None
    return keep_form(prop, form, state.get(prop.name))
