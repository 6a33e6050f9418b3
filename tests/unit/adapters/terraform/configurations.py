"""Configurations of every resource, drawn from its declaration; some combinations are invalid."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import strategies as st

from neev_provider.adapters.shared.schema_types import (
    AnyType,
    ArrayType,
    EnumType,
    MapType,
    ObjectType,
    PrimitiveType,
    TypeSpec,
    type_of,
)
from neev_provider.adapters.terraform.attributes import served_properties
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.model import Model, Property

VALID_TEXTS: Final[dict[str, list[str]]] = {
    "agent_template": ["claude-code", "code-server"],
    "content_base64": ["b25l", ""],
    "host": ["pypi.org", "PyPI.org", "10.0.0.0/8"],
    "image": ["docker.io/library/python:3.12", "docker.io/library/node:22"],
    "mode": ["0644", "0755"],
    "name": ["box", "other-box"],
    "path": ["a/x", "./a//x", "b"],
    "protocol": ["TCP", "UDP"],
    "retain_for": ["1h", "60m"],
    "slug": ["abcd1234", "wxyz9876"],
    "source_path": [__file__, str(__file__).rpartition("/")[0]],
    "template_id": ["sb-node-24", "sb-ubuntu-26-04-minimal"],
}
VALID_NUMBERS: Final[dict[str, list[float]]] = {
    "cpu": [0.5, 1, 2],
    "disk_gb": [10, 20],
    "grace_seconds": [1, 10],
    "history_limit": [0, 1],
    "max_surge": [1, 2],
    "memory_gb": [1, 4],
    "port": [80, 8080],
    "ports": [80, 443],
    "rootfs_disk_gb": [4, 8],
}
TIMEOUTS: Final = st.none() | st.fixed_dictionaries({}, optional={"create": st.sampled_from(["5m", "1h30m"])})


def configurations(resource: AnyResource) -> st.SearchStrategy[dict[str, Any]]:
    """Draw arguments of the resource, in the engine's names."""
    return st.builds(lambda arguments, limits: {**arguments, "timeouts": limits}, _objects(resource.inputs), TIMEOUTS)


def _objects(model: type[Model]) -> st.SearchStrategy[dict[str, Any]]:
    served = served_properties(model)
    required = {prop.field: _values(prop) for prop in served if prop.required}
    optional = {prop.field: _values(prop) for prop in served if not prop.required}
    # a few of many, so that most combinations are valid
    chosen = st.sets(st.sampled_from(sorted(optional)), max_size=3) if optional else st.just(set())
    return chosen.flatmap(
        lambda names: st.fixed_dictionaries({**required, **{name: optional[name] for name in sorted(names)}})
    )


def _values(prop: Property) -> st.SearchStrategy[Any]:
    return _typed(type_of(prop), prop.field)


def _typed(type_spec: TypeSpec, field: str) -> st.SearchStrategy[Any]:  # noqa: PLR0911  one for each kind
    match type_spec:
        case PrimitiveType(kind) if kind is bool:
            return st.booleans()
        case PrimitiveType(kind) if kind is not str:
            return st.sampled_from(VALID_NUMBERS.get(field, [1, 3]))
        case EnumType(enum):
            return st.sampled_from([str(member.value) for member in enum])
        case ObjectType(model):
            return _objects(model)
        case ArrayType(item):
            return st.lists(_typed(item, field), min_size=1, max_size=3)
        case MapType(AnyType()):
            return st.sampled_from(['{"a":0.1}', '{"a": 0.10}', "{}", '{"b":[1,null]}'])
        case MapType(item):
            return st.dictionaries(st.sampled_from(["a", "b"]), _typed(item, field), max_size=2)
        case AnyType():
            return st.sampled_from(["text", "1", '{"a":0.1}'])
    return st.sampled_from(VALID_TEXTS.get(field, ["one", "two"]))
