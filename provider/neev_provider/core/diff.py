"""The effect of changed inputs on a resource, per property path: none, an update in place, or a replacement."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from neev_provider.core.markers import AutoName, Computed, Replace, Stable, Unordered, Update
from neev_provider.core.model import UNKNOWN, Inputs, Model, Property
from neev_provider.core.validation import format_path, top_level_name, user_properties

PropertyPath = tuple[str | int, ...]

AUTONAMED_KEY = "__autonamed"
"""Hidden input: the name was generated, so a replacement gets a new one."""
IMPORTED_KEY = "__imported"
"""Hidden output: the state comes from an import, so inputs that the API never returns do not count as changed."""


class ChangeKind(Enum):
    """The kind of a difference: a property is added, deleted or updated."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Change:
    """One property that differs, and whether the difference requires a replacement."""

    path: str
    kind: ChangeKind
    requires_replacement: bool

    @property
    def property_name(self) -> str:
        """Return the name of the top-level property of the path."""
        return top_level_name(self.path)


@dataclass(frozen=True, slots=True)
class Diff:
    """All differences; empty if nothing has to change."""

    changes: tuple[Change, ...] = ()
    delete_before_replace: bool = False
    """Whether a replacement has to delete before it creates, because both resources cannot exist at once."""

    @property
    def requires_replacement(self) -> bool:
        """Return whether the changes require a new resource."""
        return any(change.requires_replacement for change in self.changes)


def compute_diff(
    model: type[Inputs], *, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]
) -> Diff:
    """Return the changes from the old validated inputs, and the ``state`` of the resource, to the new inputs."""
    before, after = user_properties(old_inputs), user_properties(new_inputs)
    imported = bool(state.get(IMPORTED_KEY))
    changes = tuple(
        change
        for declared in model.properties.values()
        for change in _property_changes(
            declared,
            _effective_old_value(declared, before, state),
            after.get(declared.name),
            was_set=declared.name in before,
            imported=imported,
        )
    )
    return Diff(changes, delete_before_replace=_has_replacement_conflict(model, changes, new_inputs))


def semantically_equal(prop: Property, one: Any, other: Any) -> bool:
    """Return whether two values of the property mean the same, whatever number types, defaults and orders of sets."""
    return next(_diff_value(prop, _effective_value(prop, one), _effective_value(prop, other), ()), None) is None


def changed_inputs(model: type[Inputs], state: Mapping[str, Any], new_inputs: Mapping[str, Any]) -> set[str]:
    """Return the inputs (camelCase) that differ from the state, except those that are left as they are."""
    return {
        name
        for name, declared in model.properties.items()
        if not (declared.has(Computed) and new_inputs.get(name) is None)
        and not semantically_equal(declared, state.get(name), new_inputs.get(name))
    }


def is_stable(prop: Property, changed: Collection[str]) -> bool:
    """Return whether an update of these inputs (camelCase) leaves the API's value of the property as it is."""
    computed, stable = prop.find(Computed), prop.find(Stable)
    if computed is not None:
        return not set(computed.changes_with) & set(changed)
    return stable is not None and not set(stable.unless) & set(changed)


def _effective_old_value(prop: Property, old_inputs: Mapping[str, Any], state: Mapping[str, Any]) -> Any:
    if prop.name in old_inputs:
        return old_inputs[prop.name]
    # the API has chosen this value already: an input with the same value is no change
    return state.get(prop.name) if prop.has(Computed) else None


def _property_changes(
    prop: Property, old_value: Any, new_value: Any, *, was_set: bool, imported: bool
) -> Iterator[Change]:
    if new_value is None and not _is_removal_a_change(prop, was_set=was_set):
        return
    never_known = imported and old_value is None and not prop.has(Computed) and prop.resets_to is None
    replace = prop.has(Replace) and not never_known
    for path, kind in _diff_value(
        prop, _effective_value(prop, old_value), _effective_value(prop, new_value), (prop.name,)
    ):
        yield Change(format_path(path), kind, replace)


def _is_removal_a_change(prop: Property, *, was_set: bool) -> bool:
    if prop.resets_to is not None:
        return was_set or not prop.resets_to.only_on_removal
    if update := prop.find(Update):
        return update.on_removal and was_set
    # a value that the program no longer sets is retained, unless the API never returns it
    replace = prop.find(Replace)
    return replace is not None and not replace.if_configured and not prop.has(Computed)


def _effective_value(prop: Property, value: Any) -> Any:
    if value is None and prop.resets_to:
        return prop.resets_to.value
    return prop.canonical.normalize(value) if prop.canonical and isinstance(value, str) else value


def _has_replacement_conflict(model: type[Inputs], changes: Sequence[Change], new_inputs: Mapping[str, Any]) -> bool:
    """Return whether a resource with the new inputs cannot exist beside the old one."""
    changed = {change.property_name for change in changes}
    if named := model.properties_with(AutoName):
        return named[0].name not in changed and not new_inputs.get(AUTONAMED_KEY)
    unique = {declared.name for declared in model.properties.values() if declared.field in model.unique_together}
    return bool(unique) and not unique & changed


def _diff_value(
    prop: Property, old_value: Any, new_value: Any, path: PropertyPath
) -> Iterator[tuple[PropertyPath, ChangeKind]]:
    if old_value is None and new_value is None:
        return
    if new_value is UNKNOWN:
        yield path, ChangeKind.ADD if old_value is None else ChangeKind.UPDATE
    elif old_value is None:
        yield path, ChangeKind.ADD
    elif new_value is None:
        yield path, ChangeKind.DELETE
    elif old_value == new_value:
        return
    elif prop.model and isinstance(old_value, Mapping) and isinstance(new_value, Mapping):
        yield from _diff_model(prop.model, old_value, new_value, path)
    elif prop.item is not None and isinstance(old_value, Sequence) and isinstance(new_value, Sequence):
        yield from _diff_list(prop, old_value, new_value, path)
    elif isinstance(old_value, Mapping) and isinstance(new_value, Mapping):
        yield from _diff_map(old_value, new_value, path)
    else:
        yield path, ChangeKind.UPDATE


def _diff_model(
    model: type[Model], old_values: Mapping[str, Any], new_values: Mapping[str, Any], path: PropertyPath
) -> Iterator[tuple[PropertyPath, ChangeKind]]:
    for declared in model.properties.values():
        old = _value_or_default(declared, old_values.get(declared.name))
        new = _value_or_default(declared, new_values.get(declared.name))
        yield from _diff_value(declared, old, new, (*path, declared.name))


def _value_or_default(prop: Property, value: Any) -> Any:
    if value is not None:
        return value
    default = prop.default
    return default.to_properties() if isinstance(default, Model) else default


def _diff_map(
    old_values: Mapping[str, Any], new_values: Mapping[str, Any], path: PropertyPath
) -> Iterator[tuple[PropertyPath, ChangeKind]]:
    for key in sorted(old_values.keys() | new_values.keys()):
        if key not in old_values:
            yield (*path, key), ChangeKind.ADD
        elif key not in new_values:
            yield (*path, key), ChangeKind.DELETE
        elif old_values[key] != new_values[key]:
            yield (*path, key), ChangeKind.UPDATE


def _diff_list(
    prop: Property, old_items: Sequence[Any], new_items: Sequence[Any], path: PropertyPath
) -> Iterator[tuple[PropertyPath, ChangeKind]]:
    if prop.has(Unordered):
        old_items, new_items = _align_unordered(prop, old_items, new_items)
    for index in range(max(len(old_items), len(new_items))):
        old = old_items[index] if index < len(old_items) else None
        new = new_items[index] if index < len(new_items) else None
        yield from _diff_item(prop, old, new, (*path, index))


def _diff_item(
    prop: Property, old_item: Any, new_item: Any, path: PropertyPath
) -> Iterator[tuple[PropertyPath, ChangeKind]]:
    nested = prop.item_model
    if nested and isinstance(old_item, Mapping) and isinstance(new_item, Mapping):
        yield from _diff_model(nested, old_item, new_item, path)
    elif old_item is None and new_item is not None:
        yield path, ChangeKind.ADD
    elif new_item is None and old_item is not None:
        yield path, ChangeKind.DELETE
    elif old_item is UNKNOWN or old_item != new_item:
        yield path, ChangeKind.UPDATE


def _align_unordered(prop: Property, old_items: Sequence[Any], new_items: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Return both lists with equal items at the same index, so that only real differences remain."""
    rest = list(old_items)
    partners: list[Any] = []
    for item in new_items:
        match = next((i for i, old in enumerate(rest) if not any(_diff_item(prop, old, item, ()))), None)
        partners.append(None if match is None else rest.pop(match))
    filled = [old if old is not None else (rest.pop(0) if rest else None) for old in partners]
    return filled + rest, list(new_items)
