"""The pages of Terraform's registry, in Markdown, from the schemas and the examples."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from neev_provider.adapters.shared.config import PACKAGE
from neev_provider.adapters.shared.examples import HCL, ExamplePage, load_examples
from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.identity import IDENTITY_SCHEMA
from neev_provider.adapters.terraform.names import PREFIX, function_of, resource_of
from neev_provider.adapters.terraform.provider_schema import build_provider_schema


@dataclass(frozen=True, slots=True)
class Kind:
    """What the provider has of one kind, and the folder of its pages."""

    folder: str
    title: str
    field: str
    """The field of the response that has the schemas by name."""
    example_page: Callable[[str], str]
    """Return the name of the page of examples, from the engine's name."""
    note: str = ""


KINDS: Final = (
    Kind("resources", "Resource", "resource_schemas", lambda name: resource_of(name).name),
    Kind("data-sources", "Data Source", "data_source_schemas", lambda name: function_of(name).name),
    Kind(
        "ephemeral-resources",
        "Ephemeral Resource",
        "ephemeral_resource_schemas",
        lambda name: function_of(name).name,
        "What it returns is in no plan and no state.",
    ),
    Kind(
        "functions",
        "Function",
        "functions",
        lambda name: f"function-{name}",
    ),
    Kind(
        "actions",
        "Action",
        "action_schemas",
        lambda name: f"action-{name.removeprefix(PREFIX)}",
        "Requires Terraform 1.14. OpenTofu has no actions.",
    ),
    Kind(
        "list-resources",
        "List Resource",
        "list_resource_schemas",
        lambda name: f"list-{resource_of(name).name}",
        "`terraform query` lists the objects that exist, and writes `import` blocks for them with "
        "`-generate-config-out=FILE`. Requires Terraform 1.14. OpenTofu has no list resources.",
    ),
)
WRITE_ONLY: Final = (
    "[Write-only](https://developer.hashicorp.com/terraform/language/resources/ephemeral#write-only-arguments)"
)
_TYPE_NAMES: Final = {"string": "String", "number": "Number", "bool": "Boolean", "list": "List", "map": "Map"}
_NESTINGS: Final = {
    pb.Schema.Object.SINGLE: "Attributes",
    pb.Schema.Object.LIST: "Attributes List",
}
_PROVIDER_SUMMARY: Final = "Creates and manages NeevAI sandboxes: isolated computers for AI agents."
_IMPORT: Final = re.compile(r"```sh\nterraform import (\S+) (\S+)\n```")
_IMPORT_BLOCK: Final = """\
```sh
terraform import \\1 \\2
```

With an `import` block, which a plan shows before anything is changed:

```terraform
import {
  to = \\1
  id = "\\2"
}
```"""

_IDENTITY: Final = """\
### Identity

From Terraform 1.12 and OpenTofu 1.12 on, `identity = { id = … }` can stand in the block in place of `id`. It has:"""


def render_pages(response: pb.GetProviderSchema.Response) -> dict[str, str]:
    """Return the text of every generated page, by its path below the folder of the documentation."""
    pages = {"index.md": _provider(response.provider)}
    for kind in KINDS:
        for name, schema in sorted(getattr(response, kind.field).items()):
            pages[f"{kind.folder}/{name.removeprefix(PREFIX)}.md"] = _page(kind, name, schema)
    return {path: "\n\n".join(part for part in parts if part) + "\n" for path, parts in pages.items()}


def write_pages(folder: Path) -> None:
    """Write the pages to the folder and remove those of what is gone; the guides are written by hand."""
    current = render_pages(build_provider_schema())
    for stale in {page for kind in KINDS for page in (folder / kind.folder).glob("*.md")}:
        stale.unlink()
    for path, text in current.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def _provider(schema: pb.Schema) -> list[str]:
    shown = load_examples("provider")
    return [
        # the first page has no category
        _front_matter("Provider: NeevAI", _PROVIDER_SUMMARY).replace('subcategory: ""\n', ""),
        "# NeevAI Provider",
        shown.terraform_text,
        *_examples(shown),
        "## Schema",
        schema.block.description,
        *_schema(schema.block),
    ]


def _page(kind: Kind, name: str, schema: Any) -> list[str]:
    if kind.field == "functions":
        return _function(kind, name, schema)
    block = schema.schema.block if kind.field == "action_schemas" else schema.block
    shown = load_examples(kind.example_page(name))
    return [
        _front_matter(f"{name} {kind.title} - {PACKAGE}", block.description),
        f"# {name} ({kind.title})",
        block.description,
        kind.note,
        *_examples(shown),
        "## Schema",
        *_schema(block),
        *([_with_import_blocks(shown.terraform_text)] if kind.field == "resource_schemas" else []),
    ]


def _function(kind: Kind, name: str, function: pb.Function) -> list[str]:
    parameters = [(item.name, _type_name(json.loads(item.type)), item.description) for item in function.parameters]
    signature = ", ".join(f"{name} {type_name.lower()}" for name, type_name, _ in parameters)
    returned = _type_name(json.loads(getattr(function, "return").type)).lower()
    listed = [
        f"{number}. `{name}` ({type_name}) {_one_line(text)}"
        for number, (name, type_name, text) in enumerate(parameters, 1)
    ]
    return [
        _front_matter(f"{name} {kind.title} - {PACKAGE}", function.summary),
        f"# {name} ({kind.title})",
        function.description,
        kind.note,
        *_examples(load_examples(kind.example_page(name))),
        "## Signature",
        f"```text\nprovider::{PACKAGE}::{name}({signature}) {returned}\n```",
        "## Arguments",
        "\n".join(listed),
    ]


def _front_matter(title: str, description: str) -> str:
    summary = _one_line(description.partition("\n\n")[0])
    return f'---\npage_title: "{title}"\nsubcategory: ""\ndescription: |-\n  {summary}\n---'


def _examples(page: ExamplePage) -> list[str]:
    shown = [(f"### {example.title}", f"```terraform\n{example.programs[HCL]}```") for example in page.examples]
    return ["## Example Usage", *(part for example in shown for part in example)]


def _schema(block: pb.Schema.Block) -> list[str]:
    """Return the lists of attributes, and a section for each nested object and block."""
    blocks = {nested.type_name: nested.block for nested in block.block_types}
    lines = _attribute_lists("###", block.attributes, "", blocks)
    for attribute in block.attributes:
        lines += _nested_sections(attribute, attribute.name)
    for name, nested in blocks.items():
        lines += [f"### Nested Schema for `{name}`", *_attribute_lists("", nested.attributes, name)]
    return lines


def _nested_sections(attribute: pb.Schema.Attribute, path: str) -> list[str]:
    if not attribute.HasField("nested_type"):
        return []
    nested = attribute.nested_type.attributes
    inner = [part for item in nested for part in _nested_sections(item, f"{path}.{item.name}")]
    return [f"### Nested Schema for `{path}`", *_attribute_lists("", nested, path), *inner]


def _attribute_lists(
    level: str,
    attributes: Iterable[pb.Schema.Attribute],
    path: str,
    blocks: Mapping[str, pb.Schema.Block] | None = None,
) -> list[str]:
    """Return a title and a list for each of Required, Optional and Read-Only that has attributes."""
    titled = [(_title(attribute), _line(attribute, path)) for attribute in attributes]
    titled += [(_OPTIONAL, _block_line(name, block)) for name, block in (blocks or {}).items()]
    found = []
    for (_, title), lines in groupby(sorted(titled, key=lambda item: item[0]), key=lambda item: item[0]):
        found += [f"{level} {title}" if level else f"{title}:", "\n".join(line for _, line in lines)]
    return found


_OPTIONAL: Final = (1, "Optional")


def _title(attribute: pb.Schema.Attribute) -> tuple[int, str]:
    if attribute.required:
        return 0, "Required"
    return _OPTIONAL if attribute.optional else (2, "Read-Only")


def _line(attribute: pb.Schema.Attribute, path: str) -> str:
    is_nested = attribute.HasField("nested_type")
    name = _NESTINGS[attribute.nested_type.nesting] if is_nested else _type_name(json.loads(attribute.type))
    marks = [name, *(["Sensitive"] if attribute.sensitive else []), *([WRITE_ONLY] if attribute.write_only else [])]
    link = _link_below(f"{path}.{attribute.name}" if path else attribute.name) if is_nested else ""
    return f"- `{attribute.name}` ({', '.join(marks)}) {_one_line(attribute.description)}{link}"


def _block_line(name: str, block: pb.Schema.Block) -> str:
    return f"- `{name}` (Block) {_one_line(block.description)}{_link_below(name)}"


def _link_below(path: str) -> str:
    anchor = path.replace(".", "")
    return f" (see [below for nested schema](#nested-schema-for-{anchor}))"


def _type_name(constraint: Any) -> str:
    """Return the words for a type as the engine's JSON has it."""
    if isinstance(constraint, list):
        collection, item = constraint
        return f"{_TYPE_NAMES[collection]} of {_type_name(item)}"
    return _TYPE_NAMES[constraint]


def _with_import_blocks(text: str) -> str:
    """Return the text with the other ways to import beside the command."""
    if not _IMPORT.search(text):
        return text
    attributes = [
        f"- `{attribute.name}` (String) {attribute.description}" for attribute in IDENTITY_SCHEMA.identity_attributes
    ]
    return "\n\n".join([_IMPORT.sub(_IMPORT_BLOCK, text), _IDENTITY, "\n".join(attributes)])


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
