"""Build what is published, step by step: `python -m tools.dist [STEP…]`, all steps without an argument."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from tools.dist import (
    bundles,
    checksums,
    compare,
    licenses,
    measure,
    pulumi,
    release_notes,
    sbom,
    sdks,
    terraform,
    wheels,
)
from tools.dist.layout import BUILD, DIST

Step = Callable[[], None]

STEPS: Mapping[str, Step] = {
    "wheels": wheels.build,
    "bundles": bundles.build,
    "licenses": licenses.build,
    "pulumi": pulumi.build,
    "terraform": terraform.build,
    "sdks": sdks.build,
    "sbom": sbom.build,
    "release-notes": release_notes.build,
    "checksums": checksums.build,
    "sizes": measure.show,
}
"""The steps in the order in which they run; each uses what those before it have put into `dist/` and `build/dist/`."""
ON_DEMAND: Mapping[str, Step] = {"document": measure.document}
"""Steps that run only if they are named."""


def main(arguments: Sequence[str]) -> None:
    """Run the named steps, or all, in their order; print the seconds of each."""
    parser = argparse.ArgumentParser(prog="python -m tools.dist", description=__doc__)
    parser.add_argument("step", nargs="*", help=", ".join([*STEPS, *ON_DEMAND]))
    parser.add_argument("--compare", action="store_true", help="build everything twice and list what differs")
    options = parser.parse_args(arguments)
    if unknown := set(options.step) - STEPS.keys() - ON_DEMAND.keys():
        parser.error(f"no step {', '.join(sorted(unknown))}: the steps are {', '.join([*STEPS, *ON_DEMAND])}")
    if options.compare:
        compare.build_twice(build_all)
    elif options.step:
        run_steps({name: run for name, run in {**STEPS, **ON_DEMAND}.items() if name in options.step})
    else:
        build_all()


def build_all() -> None:
    """Run all steps, without what an earlier run has left."""
    for folder in (DIST, BUILD):
        shutil.rmtree(folder, ignore_errors=True)
    run_steps(STEPS)


def run_steps(steps: Mapping[str, Step]) -> None:
    """Run the steps; print what each does, and its seconds."""
    for name, run in steps.items():
        print(f"{name}: {(run.__doc__ or '').splitlines()[0]}", flush=True)
        started = time.monotonic()
        run()
        print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
