"""The arguments and outputs of the public classes and functions, compared with the declarations."""

import inspect
from pathlib import Path
from typing import Any

import pytest

import pulumi_neev
from neev_provider.adapters.pulumi.dynamic import codegen
from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES
from pulumi_neev import sdk

SOURCE = "\n".join(codegen.render_files().values())


def list_parameters(of: Any) -> list[str]:
    """Return the names of the parameters that a caller may use."""
    return [name for name in inspect.signature(of).parameters if name != "self"]


@pytest.mark.parametrize("name", [resource.name for resource in RESOURCES])
def test_a_class_has_a_parameter_for_every_input(name: str) -> None:
    resource = next(item for item in RESOURCES if item.name == name)
    fields = {declared.field for declared in resource.inputs.properties.values()}
    assert set(list_parameters(getattr(sdk, name).__init__)) == {"resource_name", "opts"} | fields


@pytest.mark.parametrize("name", [resource.name for resource in RESOURCES])
def test_a_class_has_a_property_for_every_input_and_output(name: str) -> None:
    resource = next(item for item in RESOURCES if item.name == name)
    declared = [*resource.inputs.properties.values(), *resource.outputs.properties.values()]
    properties = {var: value for var, value in vars(getattr(sdk, name)).items() if isinstance(value, property)}
    assert set(properties) == {item.field for item in declared}


def test_properties_and_arguments_are_mapped_to_camel_case() -> None:
    assert '"rootfsDiskGb": rootfs_disk_gb,' in SOURCE
    assert vars(sdk.Sandbox)["rootfs_disk_gb"].fget._pulumi_name == "rootfsDiskGb"


def test_a_class_has_its_resource_type() -> None:
    assert sdk.SandboxFork._resource_type_name == "dynamic/neev:SandboxFork"


def test_every_function_has_a_plain_and_an_output_form() -> None:
    for function in FUNCTIONS:
        name = next(module for module in codegen.public_modules() if module.replace("_", "") == function.name.lower())
        fields = [declared.field for declared in function.arguments.properties.values()]
        assert sorted(list_parameters(getattr(sdk, name))) == sorted([*fields, "opts"])
        assert sorted(list_parameters(getattr(sdk, f"{name}_output"))) == sorted([*fields, "opts"])


def test_a_default_is_in_the_signature() -> None:
    assert inspect.signature(sdk.get_sandbox_metrics).parameters["window_seconds"].default == 3600


def test_a_required_parameter_has_no_default() -> None:
    parameter = inspect.signature(sdk.Snapshot.__init__).parameters["sandbox_id"]
    assert parameter.default is inspect.Parameter.empty


def test_docstrings_name_arguments_in_snake_case() -> None:
    documented = inspect.getdoc(sdk.Sandbox.__init__) or ""
    assert "Conflicts with `template_id` and" in documented
    assert "`templateId`" not in documented


def test_the_package_exports_only_typed_names_and_components() -> None:
    names = codegen.public_modules()
    assert dir(pulumi_neev) == sorted([*names, "BranchEnvironment", "ResourceTypes"])
    assert all(getattr(pulumi_neev, name) is getattr(sdk, name) for name in names)
    imported: dict[str, object] = {}
    exec("from pulumi_neev import *", imported)  # programs may do this
    assert imported.keys() - {"__builtins__"} == set(dir(pulumi_neev))


def test_a_missing_name_raises_an_attribute_error() -> None:
    name = "Sandboxes"
    with pytest.raises(AttributeError, match="'pulumi_neev' has no attribute 'Sandboxes'"):
        getattr(pulumi_neev, name)


def test_obsolete_generated_files_are_deleted(tmp_path: Path) -> None:
    (tmp_path / "sdk").mkdir()
    (tmp_path / "sdk" / "removed_resource.py").write_text("")
    codegen.write_files(tmp_path)
    written = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.py")}
    assert written == set(codegen.render_files())
