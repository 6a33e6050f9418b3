"""The pytest plugin of the package."""

import sys

import pytest

pytest_plugins = ["pytester"]

PROGRAM = """
import os
from urllib.request import urlopen

import pytest

from neev_emulator import mock_neev

ADDRESSES = []

@pytest.mark.parametrize("run", [1, 2])
def test_each_test_has_an_empty_emulator(neev_emulator, run):
    assert os.environ["NEEV_BASE_URL"] == neev_emulator.base_url
    assert neev_emulator.requests == []
    neev_emulator.inject("status", status=503)
    with mock_neev() as emulator:
        assert emulator is neev_emulator
    ADDRESSES.append(neev_emulator.base_url)

def test_a_test_can_set_a_variable_itself(monkeypatch, neev_emulator):
    monkeypatch.setenv("NEEV_BASE_URL", "http://127.0.0.1:1/agent")

def test_the_emulator_ends_with_its_test():
    assert "NEEV_BASE_URL" not in os.environ
    for address in ADDRESSES:
        with pytest.raises(OSError):
            urlopen(address)

@mock_neev(sandbox_quota=3)
def test_a_decorated_test_can_use_fixtures(neev_emulator, tmp_path):
    assert neev_emulator.settings["sandbox_quota"] == 3
"""

UNUSED = """
import sys

def test_a_test_without_the_fixture_does_not_import_the_package():
    assert "pytest_neev_emulator" in sys.modules
    assert "neev_emulator" not in sys.modules
"""


OPTIONS = ["-p", "no:cacheprovider", "-o", "asyncio_default_fixture_loop_scope=function"]


def test_the_fixture_is_available_without_configuration(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEEV_BASE_URL", raising=False)
    pytester.makepyfile(PROGRAM)
    pytester.runpytest_inprocess(*OPTIONS).assert_outcomes(passed=5)


def test_starting_pytest_does_not_import_the_package(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(UNUSED)
    pytester.run(sys.executable, "-m", "pytest", *OPTIONS).assert_outcomes(passed=1)


def test_the_fixture_is_listed_with_its_description(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess(*OPTIONS, "--fixtures")
    result.stdout.fnmatch_lines(["neev_emulator -- *", "*Serve an empty emulator in the place of NeevAI for one test*"])
