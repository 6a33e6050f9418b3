"""The tests of the provider and of the emulator on every operating system."""

import pytest
from tests.operating_systems import mark_tests


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that need an operating system, before `-m` selects."""
    mark_tests(items)
