"""tools/contract: differences to the vendor's API are found, unless they are listed with a reason."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from tools.contract.__main__ import main
from tools.contract.contract import from_openapi
from tools.contract.ours import EMULATED
from tools.contract.vendor import find_paths

from neev_emulator.api.openapi import build_openapi
from neev_emulator.app import control_plane_routes
from neev_emulator.runtime.routes import ENDPOINTS

PROJECT = "/api/v1beta1/orgs/{org}/projects/{project}"


def run_contract(*arguments: str) -> tuple[int, str]:
    """Return the exit code and the output of the comparison."""
    output = StringIO()
    with redirect_stdout(output), pytest.raises(SystemExit) as ended:
        main(arguments)
    return int(ended.value.code or 0), output.getvalue()


def describe_vendor() -> dict[str, Any]:
    """Return a description of the vendor's API that is identical to the emulator."""
    ours: dict[str, Any] = json.loads(json.dumps(build_openapi(control_plane_routes())))
    schemas = ours["components"]["schemas"]
    ours["components"]["schemas"] = schemas | {theirs: schemas[name] for theirs, name in EMULATED.items()}
    for method, path, _ in ENDPOINTS:
        ours["paths"].setdefault(path, {})[method.lower()] = {}
    return ours


def compare(tmp_path: Path, vendor: dict[str, Any], on_purpose: str = "") -> tuple[int, str]:
    """Return the result for the emulator, without the differences of the declarations."""
    listed = tmp_path / "on_purpose.toml"
    listed.write_text(f"[renamed]\n[on_purpose]\n{on_purpose}", encoding="utf-8")
    description = tmp_path / "vendor.json"
    description.write_text(json.dumps(vendor), encoding="utf-8")
    code, output = run_contract("--openapi", str(description), "--on-purpose", str(listed))
    return code, "\n".join(
        line for line in output.splitlines() if not line.startswith("provider") and "object" not in line
    )


def test_every_difference_to_the_installed_package_is_covered_or_listed() -> None:
    package = find_spec("neevai")
    assert package is not None
    assert package.origin is not None
    code, output = run_contract("--package", str(Path(package.origin).parents[1]))
    assert code == 0, output
    assert "not covered: 0; listed for nothing: 0" in output


@pytest.fixture
def vendor() -> dict[str, Any]:
    """Return a description of the vendor's API without differences."""
    return describe_vendor()


def test_an_identical_description_has_no_differences_to_the_emulator(tmp_path: Path, vendor: dict[str, Any]) -> None:
    assert "emulator" not in compare(tmp_path, vendor)[1]


def test_a_new_path_is_a_difference(tmp_path: Path, vendor: dict[str, Any]) -> None:
    vendor["paths"][f"{PROJECT}/volumes"] = {"get": {}}
    code, output = compare(tmp_path, vendor)
    assert code == 1
    assert "emulator  path   new      GET /api/v1beta1/orgs/{}/projects/{}/volumes  NOT COVERED" in output


def test_a_missing_path_is_a_difference(tmp_path: Path, vendor: dict[str, Any]) -> None:
    del vendor["paths"][f"/agent{PROJECT}/sandboxes/{{sandbox}}/keepalive"]
    assert (
        "path   gone     POST /api/v1beta1/orgs/{}/projects/{}/sandboxes/{}/keepalive" in compare(tmp_path, vendor)[1]
    )


def test_new_missing_and_changed_fields_are_differences(tmp_path: Path, vendor: dict[str, Any]) -> None:
    fields = vendor["components"]["schemas"]["Sandbox"]["properties"]
    fields |= {"colour": {"type": "string"}, "name": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}
    del fields["region"]
    output = compare(tmp_path, vendor)[1]
    assert "field  new      Sandbox.colour" in output
    assert "field  gone     Sandbox.region" in output
    assert "field  changed  Sandbox.name: integer, here string" in output


def test_new_and_missing_enum_values_are_differences(tmp_path: Path, vendor: dict[str, Any]) -> None:
    vendor["components"]["schemas"]["Sandbox"]["properties"]["on_idle"] = {"enum": ["pause", "hibernate"]}
    output = compare(tmp_path, vendor)[1]
    assert "enum   new      Sandbox.on_idle=hibernate" in output
    assert "enum   gone     Sandbox.on_idle=delete" in output


def test_a_field_that_is_missing_in_the_declarations_is_a_difference(tmp_path: Path, vendor: dict[str, Any]) -> None:
    vendor["components"]["schemas"]["Snapshot"]["properties"]["checksum"] = {"type": "string"}
    description = tmp_path / "vendor.json"
    description.write_text(json.dumps(vendor), encoding="utf-8")
    assert "provider  field  new      Snapshot.checksum  NOT COVERED" in run_contract("--openapi", str(description))[1]


def test_a_listed_difference_is_shown_with_its_reason_and_an_unused_entry_is_an_error(
    tmp_path: Path, vendor: dict[str, Any]
) -> None:
    vendor["paths"][f"{PROJECT}/volumes"] = {"get": {}}
    listed = (
        '"emulator GET /api/v1beta1/orgs/{}/projects/{}/volumes" = "not asked for"\n"emulator Sandbox.name" = "?"\n'
    )
    code, output = compare(tmp_path, vendor, listed)
    assert "volumes  not asked for" in output
    assert "emulator Sandbox.name: listed as a deliberate difference, but does not differ" in output
    assert code == 1


def test_the_requests_of_a_module_are_read_from_its_source(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text(
        'def _base(scope):\n    return f"/api/v1/orgs/{scope.id}/things"\n'
        "class Things:\n"
        '    def get(self, id):\n        return self.request("GET", f"{_base(self.scope)}/{id}")\n'
        '    async def add(self):\n        path = _base(1)\n        await self.send(method="POST", path=path)\n'
        '    def run(self):\n        self.stream("POST", "/v1/exec")\n        self.other("/v1/none")\n',
        encoding="utf-8",
    )
    assert set(find_paths(source)) == {
        "GET /api/v1/orgs/{}/things/{}",
        "POST /api/v1/orgs/{}/things",
        "POST /v1/exec",
    }


def test_a_composed_schema_has_the_fields_of_its_parts() -> None:
    text = {"type": "string"}
    schemas = {
        "Base": {"properties": {"id": text}},
        "Union": {"oneOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"size": {"type": "integer"}}}]},
    }
    contract = from_openapi({"paths": {}, "components": {"schemas": schemas}})
    assert set(contract.fields["Union"]) == {"id", "size"}
