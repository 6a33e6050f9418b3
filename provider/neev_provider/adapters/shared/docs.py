"""The reference pages of resources and functions, derived from the declarations."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from pydantic.alias_generators import to_snake

from neev_provider.adapters.shared import examples
from neev_provider.adapters.shared.config import PACKAGE, REQUIRED, ProviderConfig, environment_variables
from neev_provider.adapters.shared.descriptions import description
from neev_provider.adapters.shared.examples import Example
from neev_provider.adapters.shared.schema_types import (
    PRIMITIVE_NAMES,
    NestedType,
    TypeVisitor,
    enum_values,
    is_always_present,
    nested_types,
    type_of,
)
from neev_provider.core.assets import AssetOrArchive
from neev_provider.core.function import Function
from neev_provider.core.markers import Replace, Secret
from neev_provider.core.model import Model, Property
from neev_provider.core.resource import Resource, Timeouts
from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES

_LANGUAGES: Final[Mapping[str, str]] = {"python": "Python", "typescript": "TypeScript", "go": "Go", "yaml": "YAML"}
_NAMES_NOTE: Final = """\
Names are those of YAML and TypeScript; Python has them in snake_case (`memoryGb` is `memory_gb`), Go in PascalCase.
Python programs that use the dynamic resources, without a plugin, write `import pulumi_neev as neev`."""
_FUNCTIONS_NOTE: Final = """\
Each asks the platform and changes nothing.
In programs each comes in two forms: plain, which answers at once, and one that ends in `Output` (`_output` in Python),
which takes the outputs of resources."""


def render_pages() -> dict[str, str]:
    """The text of every page by its file's name."""
    written = {
        "README.md": _contents(),
        "provider.md": _provider(),
        **{f"{_slug(resource.name)}.md": _resource(resource) for resource in RESOURCES},
        "functions.md": _functions(),
    }
    return {name: "\n\n".join(parts) + "\n" for name, parts in written.items()}


def write_pages(folder: Path) -> None:
    """The folder holds the pages and no other."""
    folder.mkdir(parents=True, exist_ok=True)
    current = render_pages()
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
        _NAMES_NOTE,
        "## Provider\n\n- [Settings](provider.md)",
        "## Resources\n\n" + "\n".join(listed),
        "## Functions\n\n" + "\n".join(asked),
    ]


def _provider() -> list[str]:
    rows = [
        [
            f"`{PACKAGE}:{name}`",
            _describe_type(declared),
            " ".join(f"`{variable}`" for variable in environment_variables(name)),
            "yes" if name in REQUIRED else "",
            _change_effect(declared),
            _format_cell(declared.description),
        ]
        for name, declared in ProviderConfig.properties.items()
    ]
    columns = ["setting", "type", "variables", "required", "a change", "what it is"]
    return ["# Settings of the provider", description(ProviderConfig), _format_table(columns, rows)]


def _resource(resource: Resource[Any, Any, Any]) -> list[str]:
    shown = examples.load_examples(resource.name)
    return [
        f"# {resource.name}",
        description(type(resource)),
        "## Examples",
        *_format_examples(shown.examples),
        "## Inputs",
        _inputs(resource.inputs),
        "## Outputs",
        "Besides `id` and the inputs:",
        _outputs(resource.outputs),
        *_type_sections([resource.inputs], [resource.outputs]),
        "## Time-outs",
        _format_timeouts(resource.timeouts),
        shown.trailing_text,
    ]


def _functions() -> list[str]:
    return [
        "# Functions",
        _FUNCTIONS_NOTE,
        *(part for function in FUNCTIONS for part in _function(function)),
        *_type_sections([function.arguments for function in FUNCTIONS], [function.result for function in FUNCTIONS]),
    ]


def _function(function: Function[Any, Any]) -> list[str]:
    python, go = to_snake(function.name), _go_name(function.name)
    return [
        f"## {function.name}",
        description(type(function)),
        f"In Python `{python}` and `{python}_output`, in Go `{go}` and `{go}Output`.",
        *_format_examples(examples.load_examples(function.name).examples),
        "### Arguments",
        _arguments(function.arguments),
        "### Answer",
        _outputs(function.result),
    ]


def _format_examples(programs: Iterable[Example]) -> list[str]:
    return [
        part
        for example in programs
        for part in (
            f"### {example.title}",
            *(f"{name}:\n\n```{key}\n{example.programs[key]}```" for key, name in _LANGUAGES.items()),
        )
    ]


def _inputs(model: type[Model]) -> str:
    rows = [
        [
            f"`{name}`",
            _describe_type(each),
            _format_default(each),
            _change_effect(each),
            _format_cell(each.description),
        ]
        for name, each in sorted(model.properties.items(), key=lambda item: (not item[1].required, item[0]))
    ]
    return _format_table(["input", "type", "default", "a change", "what it is"], rows)


def _go_name(name: str) -> str:
    # GetSandbox is taken there, by the function that reads the state of a resource
    plain = name.removeprefix("get")
    return f"Lookup{plain}" if plain in {resource.name for resource in RESOURCES} else f"Get{plain}"


def _arguments(model: type[Model]) -> str:
    rows = [
        [f"`{name}`", _describe_type(each), _format_default(each), _format_cell(each.description)]
        for name, each in model.properties.items()
    ]
    return _format_table(["property", "type", "default", "what it is"], rows)


def _outputs(model: type[Model]) -> str:
    rows = [
        [
            f"`{name}`",
            _describe_type(each),
            "" if is_always_present(each) else "may be absent",
            _format_cell(each.description),
        ]
        for name, each in sorted(model.properties.items())
    ]
    return _format_table(["output", "type", "", "what it is"], rows)


def _type_sections(input_models: Iterable[type[Model]], output_models: Iterable[type[Model]]) -> list[str]:
    """A section for each nested model and enum, told apart by whether users write it or only read it."""
    written, read = nested_types(input_models), nested_types(output_models)
    found = sorted(written | read, key=lambda each: each.__name__)
    return [text for part in found for text in _type_section(part, is_input=part in written)]


def _type_section(nested_type: NestedType, *, is_input: bool) -> list[str]:
    head = [f"## {nested_type.__name__}", description(nested_type)]
    if not issubclass(nested_type, StrEnum):
        return [*head, _arguments(nested_type) if is_input else _outputs(nested_type)]
    rows = [[f"`{each.value}`", _format_cell(each.description)] for each in enum_values(nested_type)]
    return [*head, _format_table(["value", "what it means"], rows)]


def _format_timeouts(timeouts: Timeouts) -> str:
    verbs = {"create": timeouts.create, "update": timeouts.update, "delete": timeouts.delete}
    said = ", ".join(f"{verb} {_format_duration(seconds)}" for verb, seconds in verbs.items())
    return f"Without `customTimeouts`: {said}."


def _format_duration(seconds: float) -> str:
    return f"{seconds / 60:g} minutes" if seconds % 60 == 0 and seconds > 60 else f"{seconds:g} seconds"  # noqa: PLR2004


def _describe_type(prop: Property) -> str:
    name = _TYPE_NAMES.visit(type_of(prop))
    return f"{name}, secret" if prop.has(Secret) else name


_TYPE_NAMES: Final = TypeVisitor[str](
    primitive=lambda type_spec: ", ".join(filter(None, (PRIMITIVE_NAMES[type_spec.type], type_spec.limits))),
    any="any",
    enum=lambda enum: f"[{enum.__name__}](#{enum.__name__.lower()})",
    object=lambda model: f"[{model.__name__}](#{model.__name__.lower()})",
    array="list of {}".format,
    map="map of {}".format,
    asset=lambda asset_class: "asset or archive" if asset_class is AssetOrArchive else asset_class.__name__.lower(),
)


def _format_default(prop: Property) -> str:
    if prop.required:
        return "**required**"
    value = prop.default
    return (
        f"`{str(value).lower() if isinstance(value, bool) else value}`" if isinstance(value, str | int | float) else ""
    )


def _change_effect(prop: Property) -> str:
    return "replaces" if prop.has(Replace) else "in place"


def _format_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _format_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _first_line(declaration: object) -> str:
    return description(type(declaration)).splitlines()[0]


def _slug(name: str) -> str:
    return to_snake(name).replace("_", "-")


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
