"""The examples: one Markdown file per resource and function, with a fence per language.

The schema and the reference pages show them, and tests compile them. After the examples follows the text for users of
Pulumi, and after a mark that for users of Terraform.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

LANGUAGES = ("python", "typescript", "go", "yaml")
"""The languages of Pulumi's programs."""
HCL = "hcl"
"""The language of Terraform's configurations."""

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_TITLE = re.compile(r"^### (.+)\n", re.MULTILINE)
_TERRAFORM_MARK = "<!-- terraform -->"
_NEXT_SECTION = re.compile(r"^## ", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """One program in every language, and as a configuration."""

    title: str
    programs: dict[str, str]


@dataclass(frozen=True, slots=True)
class ExamplePage:
    """The content of a file: examples, and the texts after them."""

    examples: tuple[Example, ...]
    trailing_text: str
    terraform_text: str


def load_examples(name: str) -> ExamplePage:
    """Return the examples of a resource or function."""
    page = files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    text, _, terraform_text = page.partition(_TERRAFORM_MARK)
    end = _NEXT_SECTION.search(text)
    shown, afterwards = (text[: end.start()], text[end.start() :]) if end else (text, "")
    return ExamplePage(tuple(_parse_examples(shown)), afterwards.strip(), terraform_text.strip())


def description_with_examples(description: str, name: str) -> str:
    """Return the description with its programs, in the markup with which each SDK shows those in its own language."""
    of_it = load_examples(name)
    shown = "\n\n".join(_format_example(example) for example in of_it.examples)
    parts = [description, "{{% examples %}}\n## Example Usage", shown, "{{% /examples %}}", of_it.trailing_text]
    return "\n\n".join(part for part in parts if part)


def _parse_examples(text: str) -> Iterator[Example]:
    _, *titled = _TITLE.split(text)
    for title, body in zip(titled[::2], titled[1::2], strict=True):
        yield Example(title, dict(_FENCE.findall(body)))


def _format_example(example: Example) -> str:
    fences = "\n".join(f"```{language}\n{example.programs[language]}```" for language in LANGUAGES)
    return f"{{{{% example %}}}}\n### {example.title}\n\n{fences}\n{{{{% /example %}}}}"
