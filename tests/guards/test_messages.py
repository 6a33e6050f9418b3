"""Every message that ends a command or an operation is once on the troubleshooting page."""

import ast
import re
from collections.abc import Iterator

import pytest
from tests.guards.test_documents import ROOT, list_error_names

from neev_provider.adapters.shared.hints import PULUMI, TERRAFORM, TERRAFORM_COMMAND, Vocabulary, render_text
from neev_provider.core.hints import Hint

PAGE = ROOT / "docs" / "troubleshooting.md"
ENDS_A_COMMAND = {"BadParameter", "exit_with_error"}
SOURCES = {
    "provider/neev_provider": {
        *ENDS_A_COMMAND,
        *(list_error_names() - {"Cancelled", "DeadlineExceeded"}),
        "_path_error",
        "_unexpected_response",
        "PathError",
        "ValidationFailure",
        "exit",
        "kind",
        "write",
    },
    "emulator/neev_emulator": {*ENDS_A_COMMAND, "IsolationUnavailableError", "StoreError"},
}
"""The calls with a message, in each package: errors, and functions that end a command or write to stderr.

Two errors build their own message from the name of the operation.
"""
MIN_LETTERS = 12
"""The number of letters of the shortest message. Shorter texts consist of other messages."""


def read_template(node: ast.expr) -> str:
    """Return the text of a literal with `…` for each value in it, or nothing."""
    match node:
        case ast.Constant(value=str() as text):
            return re.sub(r"\{\w*\}", "…", text)
        case ast.JoinedStr(values=values):
            return "".join(read_template(value) if isinstance(value, ast.Constant) else "…" for value in values)
    return ""


def list_messages(module: ast.Module, calls: set[str]) -> Iterator[str]:
    """Yield the templates of the module's messages."""
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[*_, message]) if name in calls:
                yield read_template(message)
            case ast.Call(func=ast.Name(id="warn" | "fail") | ast.Attribute(attr="warn"), args=[message, *_]):
                yield read_template(message)
            case ast.Assign(targets=[ast.Name(id=name)], value=message) if name.endswith(("_NOTICE", "_WARNING")):
                yield read_template(message)


def normalize(text: str) -> str:
    """Return the text in Pulumi's words, without the marks and line ends of Markdown."""
    rendered = render_text(text.replace("the setting `…`", "…"), PULUMI)
    return " ".join(rendered.replace("`", "").replace("\\|", "|").split()).strip(" :.")


MESSAGES = sorted(
    {
        normalize(message)
        for package, calls in SOURCES.items()
        for file in (ROOT / package).rglob("*.py")
        for message in list_messages(ast.parse(file.read_text()), calls)
        if len(re.findall(r"[a-z]", message)) >= MIN_LETTERS
    }
)


HINTS = [
    *((hint, PULUMI) for hint in Hint),
    *((hint, TERRAFORM) for hint in TERRAFORM.hints),
    (Hint.CONFIGURE, TERRAFORM_COMMAND),
]
"""Every hint in the words of Pulumi, and in those of Terraform where it has a text of its own."""


def list_quotes() -> list[str]:
    """Return the contents of the page's code spans."""
    return [normalize(text) for _, text in re.findall(r"(`+) ?(.+?) ?\1(?!`)", PAGE.read_text(), re.DOTALL)]


@pytest.mark.parametrize("message", MESSAGES)
def test_every_message_is_on_the_page_once(message: str) -> None:
    """A code span quotes it, with `…` in the place of each value."""
    assert list_quotes().count(message) == 1


@pytest.mark.parametrize(("hint", "vocabulary"), HINTS)
def test_every_hint_is_on_the_page_once(hint: Hint, vocabulary: Vocabulary) -> None:
    assert list_quotes().count(normalize(render_text(hint, vocabulary))) == 1
