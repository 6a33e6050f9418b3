"""What a change of inputs means for a resource: nothing, an update in place, or a replacement, per property path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from neev_provider.core.markers import AutoName, Kept, Removable, Replace, Unordered, Visible
from neev_provider.core.model import UNKNOWN, Inputs, Model, Property
from neev_provider.core.validation import path_of, top, visible

Path = tuple[str | int, ...]

AUTONAMED = "__autonamed"
"""Hidden input: the name was made, not given, so a replacement gets a new one."""
IMPORTED = "__imported"
"""Hidden output: the state came from an import, so what the API never answers is not known to differ."""


class Kind(Enum):
    """How a property differs."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Change:
    """One property that differs, and whether that makes a new resource."""

    path: str
    kind: Kind
    replace: bool

    @property
    def top(self) -> str:
        """The name of what the path begins with."""
        return top(self.path)


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs; empty where the plan is clean."""

    changes: tuple[Change, ...] = ()
    delete_first: bool = False
    """Whether a replacement, whoever asks for it, has to delete before it creates: both cannot be there at once."""

    @property
    def replaces(self) -> bool:
        """Whether a new resource is made."""
        return any(change.replace for change in self.changes)


def difference(
    model: type[Inputs], *, old: Mapping[str, Any], state: Mapping[str, Any], new: Mapping[str, Any]
) -> Difference:
    """What has to change from the ``old`` checked inputs, and the ``state`` they led to, to the ``new`` ones."""
    before, after = visible(old), visible(new)
    imported = bool(state.get(IMPORTED))
    changes = tuple(
        change
        for declared in model.properties.values()
        for change in _changes(
            declared,
            _before(declared, before, state),
            after.get(declared.name),
            was_set=declared.name in before,
            silent=imported,
        )
    )
    return Difference(changes, delete_first=_excludes_its_successor(model, changes, new))


def equal(declared: Property, one: Any, other: Any) -> bool:
    """Whether two values of the property mean the same: number types, defaults and the order of sets aside."""
    return next(_differences(declared, _meant(declared, one), _meant(declared, other), ()), None) is None


def _before(declared: Property, before: Mapping[str, Any], state: Mapping[str, Any]) -> Any:
    if declared.name in before:
        return before[declared.name]
    # what the platform chose is what there is: asking for the same is no change
    return state.get(declared.name) if declared.has(Visible) else None


def _changes(declared: Property, before: Any, after: Any, *, was_set: bool, silent: bool) -> Iterator[Change]:
    if after is None and not _unsetting_counts(declared, was_set=was_set):
        return
    never_known = silent and before is None and not declared.has(Visible)
    replace = declared.has(Replace) and not never_known
    for path, kind in _differences(declared, _meant(declared, before), _meant(declared, after), (declared.name,)):
        yield Change(path_of(path), kind, replace)


def _unsetting_counts(declared: Property, *, was_set: bool) -> bool:
    if declared.unset is not None:
        return was_set or not declared.unset.inherited
    if declared.has(Removable):
        return was_set
    # a value that the program no longer says is left as it is, but what nobody can read back must not linger
    return declared.has(Replace) and not declared.has(Visible) and not declared.has(Kept)


def _meant(declared: Property, value: Any) -> Any:
    if value is None and declared.unset:
        return declared.unset.means.wire()
    return declared.canonical.form(value) if declared.canonical and isinstance(value, str) else value


def _excludes_its_successor(model: type[Inputs], changes: Sequence[Change], new: Mapping[str, Any]) -> bool:
    """Whether another one with the new inputs cannot be there beside it, whoever asks for a replacement."""
    changed = {change.top for change in changes}
    named = next((declared.name for declared in model.properties.values() if declared.has(AutoName)), None)
    if named is not None:
        return named not in changed and not new.get(AUTONAMED)
    unique = {declared.name for declared in model.properties.values() if declared.field in model.unique}
    return bool(unique) and not unique & changed


def _differences(declared: Property, before: Any, after: Any, path: Path) -> Iterator[tuple[Path, Kind]]:
    if before is None and after is None:
        return
    if after is UNKNOWN:
        yield path, Kind.ADD if before is None else Kind.UPDATE
    elif before is None:
        yield path, Kind.ADD
    elif after is None:
        yield path, Kind.DELETE
    elif before == after:
        return
    elif declared.model and isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _in_model(declared.model, before, after, path)
    elif declared.item is not None and isinstance(before, Sequence) and isinstance(after, Sequence):
        yield from _in_list(declared, before, after, path)
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _in_map(before, after, path)
    else:
        yield path, Kind.UPDATE


def _in_model(
    model: type[Model], before: Mapping[str, Any], after: Mapping[str, Any], path: Path
) -> Iterator[tuple[Path, Kind]]:
    for declared in model.properties.values():
        old = _or_default(declared, before.get(declared.name))
        new = _or_default(declared, after.get(declared.name))
        yield from _differences(declared, old, new, (*path, declared.name))


def _or_default(declared: Property, value: Any) -> Any:
    if value is not None:
        return value
    default = declared.default
    return default.wire() if isinstance(default, Model) else default


def _in_map(before: Mapping[str, Any], after: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Kind]]:
    for key in sorted(before.keys() | after.keys()):
        if key not in before:
            yield (*path, key), Kind.ADD
        elif key not in after:
            yield (*path, key), Kind.DELETE
        elif before[key] != after[key]:
            yield (*path, key), Kind.UPDATE


def _in_list(
    declared: Property, before: Sequence[Any], after: Sequence[Any], path: Path
) -> Iterator[tuple[Path, Kind]]:
    if declared.has(Unordered):
        before, after = _paired(declared, before, after)
    for index in range(max(len(before), len(after))):
        old = before[index] if index < len(before) else None
        new = after[index] if index < len(after) else None
        yield from _item_differences(declared, old, new, (*path, index))


def _item_differences(declared: Property, old: Any, new: Any, path: Path) -> Iterator[tuple[Path, Kind]]:
    nested = declared.item_model
    if nested and isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _in_model(nested, old, new, path)
    elif old is None and new is not None:
        yield path, Kind.ADD
    elif new is None and old is not None:
        yield path, Kind.DELETE
    elif old is UNKNOWN or old != new:
        yield path, Kind.UPDATE


def _paired(declared: Property, before: Sequence[Any], after: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """Both lists with equal items at the same place, so that only what really differs is left to compare."""
    rest = list(before)
    partners: list[Any] = []
    for item in after:
        match = next((i for i, old in enumerate(rest) if not any(_item_differences(declared, old, item, ()))), None)
        partners.append(None if match is None else rest.pop(match))
    filled = [old if old is not None else (rest.pop(0) if rest else None) for old in partners]
    return filled + rest, list(after)
