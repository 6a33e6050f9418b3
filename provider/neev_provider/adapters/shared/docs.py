"""The reference pages of resources and functions, derived from the declarations."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from pydantic.alias_generators import to_snake

from neev_provider.adapters.pulumi.schema import description
from neev_provider.adapters.shared import examples
from neev_provider.adapters.shared.config import PACKAGE, REQUIRED, ProviderConfig, variables
from neev_provider.adapters.shared.examples import Example
from neev_provider.adapters.shared.schema_types import (
    Anything,
    Choice,
    Handed,
    ListOf,
    MapOf,
    Nested,
    Scalar,
    Shape,
    always_there,
    members,
    nested,
    shape_of,
)
from neev_provider.core.assets import Archive, Asset, AssetOrArchive
from neev_provider.core.function import Function
from neev_provider.core.markers import Replace, Secret
from neev_provider.core.model import Model, Property
from neev_provider.core.resource import Resource, Timeouts
from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES

Part = type[Model | StrEnum]

_LANGUAGES: Final[Mapping[str, str]] = {"python": "Python", "typescript": "TypeScript", "go": "Go", "yaml": "YAML"}
_TYPES: Final[Mapping[type, str]] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_BLOBS: Final[Mapping[type[AssetOrArchive], str]] = {
    Asset: "asset",
    Archive: "archive",
    AssetOrArchive: "asset or archive",
}
_NOTE: Final = """\
Names are those of YAML and TypeScript; Python has them in snake_case (`memoryGb` is `memory_gb`), Go in PascalCase.
Python programs that use the dynamic resources, without a plugin, write `import pulumi_neev as neev`."""
_FORMS: Final = """\
Each asks the platform and changes nothing.
In programs each comes in two forms: plain, which answers at once, and one that ends in `Output` (`_output` in Python),
which takes the outputs of resources."""


def pages() -> dict[str, str]:
    """The text of every page by its file's name."""
    written = {
        "README.md": _contents(),
        "provider.md": _provider(),
        **{f"{_slug(resource.name)}.md": _resource(resource) for resource in RESOURCES},
        "functions.md": _functions(),
    }
    return {name: "\n\n".join(parts) + "\n" for name, parts in written.items()}


def write(folder: Path) -> None:
    """The folder holds the pages and no other."""
    folder.mkdir(parents=True, exist_ok=True)
    current = pages()
    for stale in set(folder.glob("*.md")) - {folder / name for name in current}:
        stale.unlink()
    for name, text in current.items():
        (folder / name).write_text(text, encoding="utf-8")


def _contents() -> list[str]:
    listed = [f"- [`{each.name}`]({_slug(each.name)}.md): {_first_line(each)}" for each in RESOURCES]
    asked = [f"- [`{each.name}`](functions.md#{each.name.lower()}): {_first_line(each)}" for each in FUNCTIONS]
    return [
        "# Reference",
        "Made by `make docs` from the declarations in `provider/pulumi_neev`.",
        _NOTE,
        "## Provider\n\n- [Settings](provider.md)",
        "## Resources\n\n" + "\n".join(listed),
        "## Functions\n\n" + "\n".join(asked),
    ]


def _provider() -> list[str]:
    rows = [
        [
            f"`{PACKAGE}:{name}`",
            _kind(ProviderConfig, declared),
            " ".join(f"`{variable}`" for variable in variables(name)),
            "yes" if name in REQUIRED else "",
            _change(declared),
            _cell(declared.description),
        ]
        for name, declared in ProviderConfig.properties.items()
    ]
    columns = ["setting", "type", "variables", "required", "a change", "what it is"]
    return ["# Settings of the provider", description(ProviderConfig), _table(columns, rows)]


def _resource(resource: Resource[Any, Any]) -> list[str]:
    shown = examples.page(resource.name)
    return [
        f"# {resource.name}",
        description(type(resource)),
        "## Examples",
        *_examples(shown.examples),
        "## Inputs",
        _inputs(resource.inputs),
        "## Outputs",
        "Besides `id` and the inputs:",
        _outputs(resource.outputs),
        *_parts([resource.inputs], [resource.outputs]),
        "## Time-outs",
        _timeouts(resource.timeouts),
        shown.afterwards,
    ]


def _functions() -> list[str]:
    return [
        "# Functions",
        _FORMS,
        *(part for function in FUNCTIONS for part in _function(function)),
        *_parts([function.arguments for function in FUNCTIONS], [function.result for function in FUNCTIONS]),
    ]


def _function(function: Function[Any, Any]) -> list[str]:
    python, go = to_snake(function.name), _go_name(function.name)
    return [
        f"## {function.name}",
        description(type(function)),
        f"In Python `{python}` and `{python}_output`, in Go `{go}` and `{go}Output`.",
        *_examples(examples.page(function.name).examples),
        "### Arguments",
        _arguments(function.arguments),
        "### Answer",
        _outputs(function.result),
    ]


def _examples(shown: Iterable[Example]) -> list[str]:
    return [
        part
        for example in shown
        for part in (
            f"### {example.title}",
            *(f"{name}:\n\n```{key}\n{example.programs[key]}```" for key, name in _LANGUAGES.items()),
        )
    ]


def _inputs(model: type[Model]) -> str:
    rows = [
        [f"`{name}`", _kind(model, each), _default(each), _change(each), _cell(each.description)]
        for name, each in sorted(model.properties.items(), key=lambda item: (not item[1].required, item[0]))
    ]
    return _table(["input", "type", "default", "a change", "what it is"], rows)


def _go_name(name: str) -> str:
    # GetSandbox is taken there, by the function that reads the state of a resource
    plain = name.removeprefix("get")
    return f"Lookup{plain}" if plain in {resource.name for resource in RESOURCES} else f"Get{plain}"


def _arguments(model: type[Model]) -> str:
    rows = [
        [f"`{name}`", _kind(model, each), _default(each), _cell(each.description)]
        for name, each in model.properties.items()
    ]
    return _table(["property", "type", "default", "what it is"], rows)


def _outputs(model: type[Model]) -> str:
    rows = [
        [f"`{name}`", _kind(model, each), "" if always_there(each) else "may be absent", _cell(each.description)]
        for name, each in sorted(model.properties.items())
    ]
    return _table(["output", "type", "", "what it is"], rows)


def _parts(asked: Iterable[type[Model]], answered: Iterable[type[Model]]) -> list[str]:
    """A section for each nested model and enum, told apart by whether users write it or only read it."""
    written, read = _within(asked), _within(answered)
    found = sorted(written | read, key=lambda each: each.__name__)
    return [text for part in found for text in _part(part, written=part in written)]


def _within(models: Iterable[type[Model]]) -> set[Part]:
    return {part for model in models for each in model.properties.values() for part in nested(shape_of(model, each))}


def _part(part: Part, *, written: bool) -> list[str]:
    head = [f"## {part.__name__}", description(part)]
    if not issubclass(part, StrEnum):
        return [*head, _arguments(part) if written else _outputs(part)]
    rows = [[f"`{each.value}`", _cell(each.description)] for each in members(part)]
    return [*head, _table(["value", "what it means"], rows)]


def _timeouts(timeouts: Timeouts) -> str:
    verbs = {"create": timeouts.create, "update": timeouts.update, "delete": timeouts.delete}
    said = ", ".join(f"{verb} {_duration(seconds)}" for verb, seconds in verbs.items())
    return f"Without `customTimeouts`: {said}."


def _duration(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds % 60 == 0 and seconds > 60 else f"{seconds:g} seconds"  # noqa: PLR2004


def _kind(model: type[Model], declared: Property) -> str:
    kind = _type(shape_of(model, declared))
    return f"{kind}, secret" if declared.has(Secret) else kind


def _type(shape: Shape) -> str:  # noqa: PLR0911  one for each shape
    match shape:
        case Scalar(type=type, limits=limits):
            return f"{_TYPES[type]}, {limits}" if limits else _TYPES[type]
        case Anything():
            return "any"
        case Choice(enum):
            return f"[{enum.__name__}](#{enum.__name__.lower()})"
        case Nested(model):
            return f"[{model.__name__}](#{model.__name__.lower()})"
        case ListOf(item):
            return f"list of {_type(item)}"
        case MapOf(value):
            return f"map of {_type(value)}"
        case Handed(kind):
            return _BLOBS[kind]


def _default(declared: Property) -> str:
    if declared.required:
        return "**required**"
    value = declared.default
    return (
        f"`{str(value).lower() if isinstance(value, bool) else value}`" if isinstance(value, str | int | float) else ""
    )


def _change(declared: Property) -> str:
    return "replaces" if declared.has(Replace) else "in place"


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _first_line(of: object) -> str:
    return description(type(of)).splitlines()[0]


def _slug(name: str) -> str:
    return to_snake(name).replace("_", "-")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
