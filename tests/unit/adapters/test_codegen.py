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


def parameter_names(of: Any) -> list[str]:
    """Return the names of the parameters that a caller may use."""
    return [name for name in inspect.signature(of).parameters if name != "self"]


@pytest.mark.parametrize("name", [resource.name for resource in RESOURCES])
def test_a_class_takes_every_input_by_its_python_name(name: str) -> None:
    resource = next(item for item in RESOURCES if item.name == name)
    fields = {declared.field for declared in resource.inputs.properties.values()}
    assert set(parameter_names(getattr(sdk, name).__init__)) == {"resource_name", "opts"} | fields


@pytest.mark.parametrize("name", [resource.name for resource in RESOURCES])
def test_a_class_has_every_input_and_output_as_a_property(name: str) -> None:
    resource = next(item for item in RESOURCES if item.name == name)
    declared = [*resource.inputs.properties.values(), *resource.outputs.properties.values()]
    properties = {var: value for var, value in vars(getattr(sdk, name)).items() if isinstance(value, property)}
    assert set(properties) == {item.field for item in declared}


def test_properties_and_arguments_go_by_their_outside_names_from_there_on() -> None:
    assert '"rootfsDiskGb": rootfs_disk_gb,' in SOURCE
    assert vars(sdk.Sandbox)["rootfs_disk_gb"].fget._pulumi_name == "rootfsDiskGb"


def test_a_class_is_known_to_the_engine_by_its_kind() -> None:
    assert sdk.SandboxFork._resource_type_name == "dynamic/neev:SandboxFork"


def test_every_function_comes_plain_and_as_output() -> None:
    for function in FUNCTIONS:
        name = next(module for module in codegen.public_modules() if module.replace("_", "") == function.name.lower())
        fields = [declared.field for declared in function.arguments.properties.values()]
        assert sorted(parameter_names(getattr(sdk, name))) == sorted([*fields, "opts"])
        assert sorted(parameter_names(getattr(sdk, f"{name}_output"))) == sorted([*fields, "opts"])


def test_a_default_is_said_in_the_signature() -> None:
    assert inspect.signature(sdk.get_sandbox_metrics).parameters["window_seconds"].default == 3600


def test_what_is_required_has_no_default() -> None:
    parameter = inspect.signature(sdk.Snapshot.__init__).parameters["sandbox_id"]
    assert parameter.default is inspect.Parameter.empty


def test_docstrings_speak_of_arguments_in_snake_case() -> None:
    documented = inspect.getdoc(sdk.Sandbox.__init__) or ""
    assert "Conflicts with `template_id` and" in documented
    assert "`templateId`" not in documented


def test_the_package_has_the_typed_names_and_the_components_and_no_other() -> None:
    names = codegen.public_modules()
    assert dir(pulumi_neev) == sorted([*names, "BranchEnvironment", "ResourceTypes"])
    assert all(getattr(pulumi_neev, name) is getattr(sdk, name) for name in names)
    imported: dict[str, object] = {}
    exec("from pulumi_neev import *", imported)  # as a program may do
    assert imported.keys() - {"__builtins__"} == set(dir(pulumi_neev))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    name = "Sandboxes"
    with pytest.raises(AttributeError, match="'pulumi_neev' has no attribute 'Sandboxes'"):
        getattr(pulumi_neev, name)


def test_files_that_are_no_longer_generated_are_removed(tmp_path: Path) -> None:
    (tmp_path / "sdk").mkdir()
    (tmp_path / "sdk" / "removed_resource.py").write_text("")
    codegen.write_files(tmp_path)
    written = {str(file.relative_to(tmp_path)) for file in tmp_path.rglob("*.py")}
    assert written == set(codegen.render_files())
