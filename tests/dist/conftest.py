"""The built archives, and an emulator for the projects that use them."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.dist.surroundings import can_contain
from tools.dist.layout import PULUMI, TERRAFORM, plugin_archive, provider_archive, target
from tools.version import read_version

from neev_emulator import Emulator, Settings, serve
from neev_emulator.settings import Durations

CREATE_SECONDS = 3
"""The seconds of a create. The plugin runs at least as long, so a test can inspect it."""


def require_built(archive: Path) -> Path:
    """Return the archive, which `make dist` builds."""
    assert archive.exists(), f"{archive} is missing: run `make dist`"
    return archive


@pytest.fixture(scope="session")
def plugin() -> Path:
    """Return the archive of the plugin for this platform."""
    return require_built(PULUMI / plugin_archive(read_version(), *target()))


@pytest.fixture(scope="session")
def provider() -> Path:
    """Return the archive of the provider for this platform."""
    return require_built(TERRAFORM / provider_archive(read_version(), *target()))


@pytest.fixture(scope="session")
def unpacked_plugin(plugin: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files of the plugin's archive."""
    folder = tmp_path_factory.mktemp("plugin")
    with tarfile.open(plugin) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="session")
def unpacked_provider(provider: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files of the provider's archive."""
    folder = tmp_path_factory.mktemp("provider")
    with zipfile.ZipFile(provider) as archive:
        for item in archive.infolist():
            Path(archive.extract(item, folder)).chmod(item.external_attr >> 16)
    return folder


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Yield an empty emulator whose sandboxes take some seconds."""
    with serve(Settings(durations=Durations(create=CREATE_SECONDS))) as running:
        yield running


@pytest.fixture(params=["path", "container"])
def is_contained(request: pytest.FixtureRequest) -> bool:
    """Return whether the engine runs in a container; else it runs with little on PATH. Each test runs both ways."""
    if request.param == "container" and not can_contain():
        pytest.skip("bubblewrap is not installed, or cannot create namespaces")
    return bool(request.param == "container")
