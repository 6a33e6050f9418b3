"""The shared event loop that runs coroutines for other threads."""

import asyncio
import subprocess
import sys
import threading

import pytest

from neev_provider.adapters.pulumi.dynamic import event_loop
from neev_provider.client.settings import Settings

SAME_TIME_PROGRAM = """
import asyncio, sys, threading
from neev_provider.adapters.pulumi.dynamic import event_loop

async def loop():
    return asyncio.get_running_loop()

def ask():
    together.wait()
    loops.add(event_loop.run(loop()))

sys.setswitchinterval(1e-6)
together, loops = threading.Barrier(16), set()
threads = [threading.Thread(target=ask) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(loops))
"""


def test_concurrent_first_calls_share_one_event_loop() -> None:
    """A client works only on the event loop that created it."""
    output = subprocess.run([sys.executable, "-c", SAME_TIME_PROGRAM], capture_output=True, text=True, check=True)
    assert output.stdout == "1\n"


def test_coroutines_run_concurrently_on_a_separate_thread() -> None:
    """Two coroutines that wait for each other both finish."""

    async def meet(mine: asyncio.Event, yours: asyncio.Event) -> str:
        mine.set()
        await yours.wait()
        return threading.current_thread().name

    one, other = asyncio.Event(), asyncio.Event()
    started = event_loop.submit(meet(one, other))
    assert event_loop.run(meet(other, one)) == started.result() == "neev"


def test_an_exception_is_raised_in_the_calling_thread() -> None:
    async def fail() -> None:
        raise LookupError("not there")

    with pytest.raises(LookupError, match="not there"):
        event_loop.run(fail())


async def test_equal_settings_share_one_client() -> None:
    """Different settings have different clients."""
    one, same, other = (Settings("http://127.0.0.1:1", key, "org", "project") for key in ("key", "key", "other"))
    assert event_loop.shared_client(one) is event_loop.shared_client(same)
    assert event_loop.shared_client(one) is not event_loop.shared_client(other)
    assert event_loop.has_client()
    assert event_loop.shared_preflight(one) is event_loop.shared_preflight(same)
    await event_loop.close_clients()
    assert not event_loop.has_client()


EXIT_PROGRAM = """
import atexit
from neev_provider.adapters.pulumi.dynamic import event_loop
from neev_provider.client.settings import Settings

async def use_client():
    event_loop.shared_client(Settings("http://127.0.0.1:1", "key", "org", "project"))

atexit.register(lambda: print(event_loop.has_client()))  # runs last
event_loop.run(use_client())
print(event_loop.has_client())
"""


def test_clients_are_closed_when_the_process_exits() -> None:
    ended = subprocess.run([sys.executable, "-c", EXIT_PROGRAM], capture_output=True, text=True, timeout=60, check=True)
    assert (ended.stdout, ended.stderr) == ("True\nFalse\n", "")
