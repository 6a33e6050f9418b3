"""Build what is published, step by step: `python -m tools.dist [STEP…]`, all steps without an argument."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from tools.dist import bundles, checksums, licenses, pulumi, release_notes, sbom, terraform, wheels

STEPS: Mapping[str, Callable[[], None]] = {
    "wheels": wheels.build,
    "bundles": bundles.build,
    "licenses": licenses.build,
    "pulumi": pulumi.build,
    "terraform": terraform.build,
    "sbom": sbom.build,
    "release-notes": release_notes.build,
    "checksums": checksums.build,
}
"""The steps in the order in which they run; each uses what those before it have put into `dist/` and `build/dist/`."""


def main(arguments: Sequence[str]) -> None:
    """Run the named steps, or all, in their order; print the seconds of each."""
    parser = argparse.ArgumentParser(prog="python -m tools.dist", description=__doc__)
    parser.add_argument("step", nargs="*", help=", ".join(STEPS))
    chosen = parser.parse_args(arguments).step
    if unknown := set(chosen) - set(STEPS):
        parser.error(f"no step {', '.join(sorted(unknown))}: the steps are {', '.join(STEPS)}")
    for name, run in STEPS.items():
        if not chosen or name in chosen:
            print(f"{name}: {(run.__doc__ or '').splitlines()[0]}", flush=True)
            started = time.monotonic()
            run()
            print(f"{name}: {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
