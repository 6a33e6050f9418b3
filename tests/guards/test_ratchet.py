"""Every property of every declaration is used by a test, and files stay short."""

from pathlib import Path

import pytest

from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES

ROOT = Path(__file__).parents[2]
MAX_LINES = 300
TEST_SOURCES = "".join(
    file.read_text() for part in ("unit", "lifecycle", "engine") for file in (ROOT / "tests" / part).rglob("*.py")
)


@pytest.mark.parametrize(
    "name",
    sorted({f'"{name}"' for resource in RESOURCES for name in resource.inputs.properties}),
    ids=lambda name: name,
)
def test_every_input_is_named_by_a_test(name: str) -> None:
    """Every input needs a test that uses it."""
    assert name in TEST_SOURCES or f"{name[1:-1]}=" in TEST_SOURCES


@pytest.mark.parametrize("name", [function.name for function in FUNCTIONS])
def test_every_function_is_named_by_a_test(name: str) -> None:
    """Every function needs a test that uses it."""
    assert name in TEST_SOURCES


def test_files_do_not_exceed_the_maximum_length() -> None:
    """A file above the limit has more than one concept. Generated files are exempt."""
    files = [file for part in ("provider", "emulator/neev_emulator") for file in (ROOT / part).rglob("*.py")]
    long = {
        str(file.relative_to(ROOT)): lines
        for file in files
        if (lines := len(file.read_text().splitlines())) > MAX_LINES and file.parent.name != "sdk"
    }
    assert long == {}
