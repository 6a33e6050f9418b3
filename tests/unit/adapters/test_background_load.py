"""The provider that a thread loads, and the imports that follow."""

import asyncio
import subprocess
import sys
import threading

import pytest

from neev_provider.adapters.shared import fast_start
from neev_provider.adapters.shared.background_load import BackgroundLoad

IMPORTED_MODULES = ("httpx", "anyio._backends._asyncio", "neev_provider.client.http.transport")


@pytest.fixture
def http_client_imported(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """An event that stands for the import of the HTTP client."""
    imported = threading.Event()
    monkeypatch.setattr(fast_start, "import_http_client", imported.set)
    return imported


async def test_the_value_is_loaded_once() -> None:
    values = iter((1, 2))
    load = BackgroundLoad(lambda: next(values))
    assert load.loaded is None
    assert [await load.get(), await load.get(), load.loaded] == [1, 1, 1]


async def test_the_http_client_is_imported_after_the_value_is_loaded(http_client_imported: threading.Event) -> None:
    may_load = threading.Event()
    load = BackgroundLoad(may_load.wait)
    value = asyncio.ensure_future(load.get())
    await asyncio.sleep(0)
    assert (load.loaded, http_client_imported.is_set()) == (None, False)
    may_load.set()
    assert await value
    assert await asyncio.to_thread(http_client_imported.wait, 30)


async def test_a_failure_to_load_is_raised_and_nothing_is_loaded(http_client_imported: threading.Event) -> None:
    def fail() -> int:
        raise ImportError("no module")

    load = BackgroundLoad(fail)
    for _ in range(2):
        with pytest.raises(ImportError, match="no module"):
            await load.get()
    assert (load.loaded, http_client_imported.is_set()) == (None, False)


def test_the_http_client_is_imported_with_what_its_first_connection_needs() -> None:
    script = (
        "import sys; from neev_provider.adapters.shared import fast_start; "
        "fast_start.import_http_client(); print(*sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True)
    assert set(IMPORTED_MODULES) <= set(shown.stdout.split())


def test_a_failed_import_of_the_http_client_is_left_to_the_first_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anyio._backends._asyncio", None)
    fast_start.import_http_client()
