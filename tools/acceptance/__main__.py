"""Play the story of every resource on the real service, and report how its answers differ from the emulator's.

The account is that of NEEV_API_KEY, NEEV_ORG_ID and NEEV_PROJECT_ID. The story is played on the emulator first, which
costs nothing. Whatever happens then, everything that was created is deleted at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from neev_emulator import serve
from neev_provider.adapters.shared.config import parse_settings
from neev_provider.client import connect
from neev_provider.client.settings import Settings
from neev_provider.core.errors import NeevError
from neev_provider.core.plurals import count_noun
from tools.acceptance.compare import compare
from tools.acceptance.emulator_phases import read_emulator_phases
from tools.acceptance.engines import ADAPTERS, Engines
from tools.acceptance.ledger import Ledger
from tools.acceptance.play import Performance, Stage
from tools.acceptance.report import Report
from tools.acceptance.story import IDLE_SECONDS
from tools.acceptance.watcher import LEDGER_FILE, Watcher, run_sweep
from tools.engine.engine import NoEngineError

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
PREFIX = re.compile(r"acc-[0-9a-f]{6}")
"""The prefix of all names of a run."""
MIN_SANDBOXES = 6
"""What the story needs at a time."""


def main() -> None:
    """Run the command; exit with 1 if a step failed or something is left."""
    options = _parse_options(sys.argv[1:])
    for number in ENDING_SIGNALS:
        signal.signal(number, _interrupt)
    try:
        target = parse_settings({}, os.environ)
        if options.sweep:
            _sweep(options.sweep)
            return
        asyncio.run(_require_project(target))
        engines = Engines.find(options.adapters)
    except (NeevError, NoEngineError) as error:
        sys.exit(f"acceptance: {error}")
    if not (options.yes or _is_confirmed(target, options)):
        sys.exit("acceptance: nothing was done")
    try:
        has_passed = Run(target, engines, options).play()
    except KeyboardInterrupt:
        sys.exit("acceptance: interrupted")
    sys.exit(0 if has_passed else 1)


class Run:
    """One run: the story on the emulator, on the service, the comparison and the report."""

    def __init__(self, target: Settings, engines: Engines, options: argparse.Namespace) -> None:
        self._target = target
        self._engines = engines
        self._options = options
        self._file: Path = options.report.absolute()
        self._directory = Path(tempfile.mkdtemp(prefix="neev-acceptance-"))
        self._prefix = f"acc-{secrets.token_hex(3)}"
        self._ledger = self._open_ledger(self._directory / LEDGER_FILE)
        self._report = Report(
            prefix=self._prefix,
            host=urlsplit(target.base_url).netloc,
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            version=version("pulumi-neev"),
            ledger=self._ledger,
            secrets={target.api_key},
        )

    def play(self) -> bool:
        """Play the story on both sides, compare, sweep and return whether all is well."""
        print(f"run {self._prefix}; the report is in {self._file}", flush=True)
        with Watcher(self._directory, self._prefix, self._file) as watcher:
            try:
                self._play_both()
            finally:
                self._report.write(self._file)
                self._ledger.close()
        performance = self._report.service
        return watcher.is_clean and performance is not None and performance.has_passed

    def _play_both(self) -> None:
        emulator_directory = self._directory / "emulator"
        emulator_directory.mkdir()
        with serve() as emulator:
            target = parse_settings({}, emulator.env)
            ledger = self._open_ledger(emulator_directory / LEDGER_FILE)
            stage = Stage(
                target,
                self._engines.open_project,
                ledger,
                emulator_directory,
                deadline=float("inf"),
                on_progress=self._note_emulator,
            )
            self._report.emulator = stage.performance
            # which adapter sends a request makes no difference to its answer
            stage.play(self._options.adapters[:1])
            ledger.close()
        if not stage.performance.has_passed:
            print("the story fails on the emulator already: it is not played on the service", flush=True)
            return
        self._report.phases = asyncio.run(read_emulator_phases())
        stage = Stage(
            self._target,
            self._engines.open_project,
            self._ledger,
            self._directory / "service",
            deadline=time.monotonic() + self._options.max_minutes * 60,
            on_progress=self._note_service,
        )
        self._report.service = stage.performance
        stage.play(self._options.adapters)
        self._report.differences = compare(
            self._report.emulator.recording, stage.performance.recording, self._report.phases
        )
        print(count_noun(len(self._report.differences), "difference"), flush=True)

    def _open_ledger(self, file: Path) -> Ledger:
        return Ledger(file, prefix=self._prefix, max_sandboxes=self._options.max_sandboxes)

    def _note_emulator(self, performance: Performance) -> None:
        self._note("emulator", performance)

    def _note_service(self, performance: Performance) -> None:
        self._note("service", performance)

    def _note(self, side: str, performance: Performance) -> None:
        last = performance.results[-1]
        print(f"{side}: {last.adapter}: {last.title}: {last.outcome.value} ({last.seconds:.1f} s)", flush=True)
        self._report.write(self._file)


def _sweep(prefix: str) -> None:
    result = run_sweep(prefix)
    for item in result.remaining:
        print(f"left: {item.kind} {item.name} ({item.id})")
    print(f"deleted: {len(result.deleted)}, left: {len(result.remaining)}")
    if not result.is_clean:
        sys.exit(f"acceptance: {result.problem or 'something is left'}")


async def _require_project(target: Settings) -> None:
    async with connect(target) as api:
        await api.require_project()


def _is_confirmed(target: Settings, options: argparse.Namespace) -> bool:
    print(
        f"This creates up to {options.max_sandboxes} small sandboxes at a time in project {target.project_id} of "
        f"{target.org_id} at {target.base_url}, for at most {options.max_minutes:g} minutes. They cost what your plan "
        f"says. Everything is deleted at the end, and ends by itself after {IDLE_SECONDS // 60} idle minutes."
    )
    try:
        return input("Go on? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parse_options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make acceptance", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--max-sandboxes", type=_parse_sandboxes, default=MIN_SANDBOXES, help="sandboxes at a time")
    parser.add_argument("--max-minutes", type=float, default=20.0, help="minutes on the service, without the sweep")
    parser.add_argument("--adapters", type=_parse_adapters, default=ADAPTERS, help="comma-separated; default: all")
    parser.add_argument("--report", type=Path, default=Path("acceptance-report.md"), help="the file to write")
    parser.add_argument("--yes", action="store_true", help="do not ask before anything is spent")
    parser.add_argument(
        "--sweep", metavar="PREFIX", type=_parse_prefix, help="only delete what the run with this prefix has left"
    )
    return parser.parse_args(arguments)


def _parse_sandboxes(text: str) -> int:
    number = int(text)
    if number < MIN_SANDBOXES:
        raise argparse.ArgumentTypeError(f"the story needs {MIN_SANDBOXES} sandboxes at a time")
    return number


def _parse_prefix(text: str) -> str:
    if not PREFIX.fullmatch(text):
        raise argparse.ArgumentTypeError("this is not the prefix of a run, such as acc-1a2b3c")
    return text


def _parse_adapters(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := set(names) - set(ADAPTERS):
        raise argparse.ArgumentTypeError(f"there is no adapter {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    main()
