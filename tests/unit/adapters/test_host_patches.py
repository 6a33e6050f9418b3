"""The patches of Pulumi's dynamic host, which are not applied to an unknown host."""

import logging
import queue
import subprocess
import sys
import threading
import traceback
from concurrent.futures import Future, ThreadPoolExecutor
from subprocess import PIPE
from types import ModuleType
from typing import Any

import pytest

from neev_provider.adapters.pulumi.dynamic import host_patches
from neev_provider.core.errors import InputError


def make_host_module(**names: Any) -> ModuleType:
    """Create a module with the names of the host that the patches use."""
    module = ModuleType("host")
    vars(module).update({"traceback": traceback, "_abort_with_traceback": lambda work: work, **names})
    return module


def format_error(module: Any, error: Exception) -> str:
    """Return the text that the module formats for an exception."""
    try:
        raise error  # noqa: TRY301  it has to be the current exception
    except Exception:  # noqa: BLE001  as the host does
        return str(module.traceback.format_exc())


def test_the_patched_pool_runs_many_operations_concurrently() -> None:
    """More operations than the original number of workers can wait for each other."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        pool.submit(host_patches.raise_worker_limit, None).result()
        together = threading.Barrier(8)
        assert sorted(item.result() for item in [pool.submit(together.wait, 10) for _ in range(8)]) == list(range(8))


def test_operations_already_in_the_queue_run_concurrently_too() -> None:
    """A refresh sends all its reads before the host is patched."""
    together = threading.Barrier(8)

    def wait(first: bool) -> int:  # noqa: FBT001  the first of the work
        if first:
            host_patches.raise_worker_limit(None)
        return together.wait(10)

    held, go = threading.Semaphore(0), threading.Event()

    def hold() -> None:
        held.release()
        go.wait(10)

    with ThreadPoolExecutor(max_workers=1) as pool:
        pool.submit(hold)
        held.acquire()
        queued = [pool.submit(wait, number == 0) for number in range(8)]
        go.set()
        assert sorted(item.result() for item in queued) == list(range(8))


class OlderExecutor(ThreadPoolExecutor):
    """A pool with another kind of queue."""

    def __init__(self) -> None:
        super().__init__(max_workers=1)
        self._work_queue: Any = queue.Queue()


def test_a_pool_with_another_queue_is_not_patched() -> None:
    """Its work runs sequentially, as before."""
    with OlderExecutor() as pool:
        done: list[Future[Any]] = [
            pool.submit(host_patches.patch_host, ModuleType("empty")),
            *(pool.submit(threading.get_ident) for _ in range(5)),
        ]
        assert [item.exception(10) for item in done] == [None] * 6


def test_a_larger_pool_keeps_its_size() -> None:
    """The patch never reduces the number of workers."""
    with ThreadPoolExecutor(max_workers=host_patches.MAX_WORKERS + 1) as pool:
        pool.submit(host_patches.raise_worker_limit, None).result()
        assert pool._max_workers == host_patches.MAX_WORKERS + 1


@pytest.mark.parametrize("arguments", [(), (lambda: pytest.fail("called"),), (None, 3), ({1, 2},)])
def test_a_thread_of_another_kind_is_not_patched(arguments: tuple[Any, ...]) -> None:
    """The arguments of the thread are not used."""
    ended: list[bool] = []

    def work(*_arguments: object) -> None:
        host_patches.patch_host(ModuleType("empty"))
        ended.append(True)

    thread = threading.Thread(target=work, args=arguments)
    thread.start()
    thread.join()
    assert ended == [True]


def test_provider_errors_have_no_traceback() -> None:
    """The text is the message of the error only."""
    module = make_host_module()
    host_patches.suppress_tracebacks(module)
    assert format_error(module, InputError("cpu", "too much")) == "cpu: too much."


def test_other_exceptions_keep_their_traceback() -> None:
    """An unexpected exception is not hidden."""
    module = make_host_module()
    host_patches.suppress_tracebacks(module)
    assert format_error(module, LookupError("not ours")).startswith("Traceback (most recent call last)")
    assert module.traceback.format_tb is traceback.format_tb


def test_suppressing_tracebacks_is_idempotent() -> None:
    """The patch is applied once for each kind of resource."""
    module = make_host_module()
    host_patches.suppress_tracebacks(module)
    once = module.traceback
    host_patches.suppress_tracebacks(module)
    assert module.traceback is once


@pytest.mark.parametrize(
    "other",
    [
        ModuleType("empty"),
        make_host_module(traceback=None),
        make_host_module(traceback="a word"),
        *[module for module in [make_host_module()] if vars(module).pop("_abort_with_traceback")],
    ],
    ids=["empty", "without traceback", "with another traceback", "without the wrapper"],
)
def test_an_unknown_host_is_not_patched(other: ModuleType) -> None:
    """The names of the module keep their values."""
    before = dict(vars(other))
    host_patches.patch_host(other)
    assert vars(other) == before


def test_a_patch_that_does_not_apply_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The log shows that a new version of the host differs."""
    caplog.set_level(logging.DEBUG)
    host_patches.patch_host(ModuleType("empty"))
    names = [patch.__name__ for patch in host_patches.PATCHES]
    assert [record.getMessage().partition(" ")[0] for record in caplog.records] == names


def test_the_patches_can_be_turned_off() -> None:
    module = make_host_module()
    host_patches.patch_host(module, {"NEEV_NO_HOST_PATCHES": "1"})
    assert module.traceback is traceback


EXIT_PROGRAM = """
import asyncio, gc, socket, sys, threading
from types import SimpleNamespace
from neev_provider.adapters.pulumi.dynamic import event_loop, host_patches

engine = socket.create_server(("127.0.0.1", 0))
address = "127.0.0.1:%d" % engine.getsockname()[1]
sys.argv = ["host", address]
host_patches.exit_with_engine(SimpleNamespace(DynamicResourceProviderServicer=object))
connection, _ = engine.accept()
event_loop.run(asyncio.sleep(0.2))
gc.collect()
print("connected", flush=True)
sys.stdin.readline()
connection.close()
engine.close()
threading.Event().wait()
"""


def test_the_host_exits_soon_after_its_engine() -> None:
    """It runs as long as the engine is connected."""
    process = subprocess.Popen([sys.executable, "-c", EXIT_PROGRAM], stdin=PIPE, stdout=PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "connected\n"
        assert process.poll() is None
        process.communicate("\n", timeout=20)
        assert process.returncode == 1
    finally:
        process.kill()
        process.communicate()
