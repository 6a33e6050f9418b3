"""Print what differs between the vendor's API and ours: `python -m tools.contract [--openapi FILE]`.

The exit code is 1 if something differs that `on_purpose.toml` does not list, or if it lists what does not differ.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tools.contract.compare import Difference, compare_emulator, compare_provider
from tools.contract.contract import Contract
from tools.contract.ours import EMULATED, declared_fields, emulator_contract
from tools.contract.vendor import install_newest, read_openapi, read_package

ON_PURPOSE = Path(__file__).with_name("on_purpose.toml")


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare, print a table, and exit with 1 if something is not covered."""
    parser = argparse.ArgumentParser(prog="make contract", description=__doc__)
    parser.add_argument("--openapi", type=Path, help="an OpenAPI description to compare with in place of the package")
    parser.add_argument("--package", type=Path, help="a directory with the package, in place of the newest version")
    parser.add_argument("--on-purpose", type=Path, default=ON_PURPOSE, help="the list of deliberate differences")
    options = parser.parse_args(arguments)
    source, vendor = _read_vendor(options.openapi, options.package)
    listed = tomllib.loads(options.on_purpose.read_text(encoding="utf-8"))
    differences = [
        *compare_emulator(vendor, emulator_contract(), EMULATED),
        *compare_provider(vendor, declared_fields(), listed["renamed"]),
    ]
    lines, code = report(differences, listed["on_purpose"])
    print("\n".join([f"compared with {source}", *lines]))
    sys.exit(code)


def report(differences: Iterable[Difference], on_purpose: Mapping[str, str]) -> tuple[list[str], int]:
    """Return the table of all differences with their reasons, and the exit code."""
    lines, uncovered, unused = [], 0, dict(on_purpose)
    for item in differences:
        reason = on_purpose.get(item.key)
        unused.pop(item.key, None)
        uncovered += reason is None
        lines.append(f"{item.side:9} {item.kind:6} {item.change:8} {item.name}  {reason or 'NOT COVERED'}")
    lines += [f"{key}: listed as a deliberate difference, but does not differ" for key in unused]
    lines.append(
        f"Differences: {len(lines) - len(unused)}; not covered: {uncovered}; listed for nothing: {len(unused)}"
    )
    return lines, 1 if uncovered or unused else 0


def _read_vendor(openapi: Path | None, package: Path | None) -> tuple[str, Contract]:
    """Return the name of what is compared with, and its contract."""
    if openapi is not None:
        return str(openapi), read_openapi(openapi)
    if package is not None:
        return str(package), read_package(package)
    with tempfile.TemporaryDirectory() as directory:
        version = install_newest(Path(directory))
        return f"neevai {version}", read_package(Path(directory))


if __name__ == "__main__":
    main()
