"""The schema of the package, compared with the declarations."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from neev_provider.adapters.pulumi import schema
from neev_provider.adapters.shared.examples import LANGUAGES
from neev_provider.core.function import Function
from neev_provider.functions import FUNCTIONS
from neev_provider.resources import RESOURCES

PACKAGE = schema.package_schema()
SANDBOX = PACKAGE["resources"]["neev:index:Sandbox"]


def find_values(key: str, within: Any = PACKAGE) -> Iterator[Any]:
    """Yield every value of a key, at any depth."""
    if isinstance(within, dict):
        if key in within:
            yield within[key]
        for item in within.values():
            yield from find_values(key, item)
    elif isinstance(within, list):
        for item in within:
            yield from find_values(key, item)


def test_the_schema_has_every_resource_and_function() -> None:
    assert list(PACKAGE["resources"]) == [f"neev:index:{resource.name}" for resource in RESOURCES]
    assert list(PACKAGE["functions"]) == [f"neev:index:{function.name}" for function in FUNCTIONS]


def test_the_schema_has_no_version() -> None:
    assert "version" not in PACKAGE


def test_every_reference_has_a_type_and_every_type_is_referenced() -> None:
    found = {reference.removeprefix("#/types/") for reference in find_values("$ref")}
    assert found - {"pulumi.json#/Any", "pulumi.json#/Asset", "pulumi.json#/Archive"} == set(PACKAGE["types"])


def test_every_required_name_is_a_property() -> None:
    objects = [item for part in ("resources", "types") for item in PACKAGE[part].values() if "properties" in item]
    objects += [function[side] for function in PACKAGE["functions"].values() for side in ("inputs", "outputs")]
    assert all(set(item["required"]) <= set(item["properties"]) for item in objects)
    assert all(
        set(resource["requiredInputs"]) <= set(resource["inputProperties"])
        for resource in PACKAGE["resources"].values()
    )


def test_every_description_is_present() -> None:
    described = list(find_values("description"))
    assert all(described)
    assert len(described) > 200


@pytest.mark.parametrize("token", [*PACKAGE["resources"], *PACKAGE["functions"]])
def test_every_resource_and_function_has_an_example_in_every_language(token: str) -> None:
    text = (PACKAGE["resources"] | PACKAGE["functions"])[token]["description"]
    shown = text[text.index("{{% examples %}}") : text.index("{{% /examples %}}")]
    assert [language for language in LANGUAGES if f"```{language}\n" in shown] == list(LANGUAGES)


def test_properties_have_the_schema_type_of_their_declaration() -> None:
    properties = SANDBOX["inputProperties"]
    assert properties["cpu"]["type"] == "number"
    assert properties["memoryGb"]["type"] == "integer"
    assert properties["paused"]["type"] == "boolean"
    assert properties["command"]["items"] == {"type": "string"}
    assert properties["env"]["additionalProperties"] == {"type": "string"}
    assert properties["egress"]["$ref"] == "#/types/neev:index:Egress"
    triggers = PACKAGE["resources"]["neev:index:Snapshot"]["inputProperties"]["triggers"]
    assert triggers["items"] == {"$ref": "pulumi.json#/Any"}


def test_an_enum_has_names_values_and_descriptions() -> None:
    assert PACKAGE["types"]["neev:index:EgressMode"]["enum"] == [
        {"name": "DenyAll", "value": "deny_all", "description": "Deny all outbound traffic."},
        {
            "name": "AllowList",
            "value": "allow_list",
            "description": "Deny all outbound traffic except what the policy allows.",
        },
    ]
    assert [type_["name"] for type_ in PACKAGE["types"]["neev:index:Protocol"]["enum"]] == ["TCP", "UDP"]


def test_a_secret_is_secret_as_input_and_as_output() -> None:
    assert SANDBOX["inputProperties"]["env"]["secret"]
    assert SANDBOX["properties"]["env"]["secret"]
    assert PACKAGE["config"]["variables"]["apiKey"]["secret"]
    assert not any("secret" in SANDBOX["properties"][name] for name in ("name", "phase", "connectUrl"))


def test_replacing_inputs_have_will_replace_on_changes_only() -> None:
    properties = SANDBOX["inputProperties"]
    assert properties["image"]["willReplaceOnChanges"]
    assert "willReplaceOnChanges" not in properties["cpu"]
    assert list(find_values("replaceOnChanges")) == []


def test_outputs_that_are_always_present_are_required() -> None:
    assert SANDBOX["required"] == ["createdAt", "egress", "image", "name", "phase", "region"]
    fork = PACKAGE["resources"]["neev:index:SandboxFork"]
    assert set(fork["required"]) >= {"image", "name", "region", "sourceSandboxId"}
    assert "cpu" not in fork["required"]


def test_inputs_without_a_default_are_required() -> None:
    assert SANDBOX["requiredInputs"] == []
    assert PACKAGE["resources"]["neev:index:Snapshot"]["requiredInputs"] == ["sandboxId"]
    assert PACKAGE["types"]["neev:index:EgressDestination"]["required"] == ["host"]


def test_only_scalar_defaults_are_in_the_schema() -> None:
    egress = PACKAGE["types"]["neev:index:Egress"]["properties"]
    assert egress["mode"]["default"] == "deny_all"
    assert egress["allowInternet"]["default"] is False
    assert "default" not in egress["allow"]
    metrics = PACKAGE["functions"]["neev:index:getSandboxMetrics"]["inputs"]
    assert metrics["properties"]["windowSeconds"]["default"] == 3600
    assert metrics["required"] == ["sandboxId"]


def test_listable_resources_have_list_inputs() -> None:
    assert set(SANDBOX["listInputs"]["properties"]) == {"nameContains", "phase", "labels"}
    assert PACKAGE["resources"]["neev:index:Snapshot"]["listInputs"]["required"] == ["sandboxId"]
    listed = {token.rpartition(":")[2] for token, value in PACKAGE["resources"].items() if "listInputs" in value}
    assert listed == {"Agent", "Sandbox", "SandboxFork", "Snapshot"}


@pytest.mark.parametrize("function", list(FUNCTIONS), ids=lambda function: function.name)
def test_functions_look_up_and_list_declared_resources(function: Function[Any, Any]) -> None:
    assert {*function.looks_up, *function.lists} <= {resource.name for resource in RESOURCES}


def test_a_map_setting_has_no_environment_variable_in_the_schema() -> None:
    """An SDK would pass the text as a map; in Go it would not compile."""
    settings = PACKAGE["config"]["variables"]
    assert "defaultInfo" not in settings["defaultLabels"]
    assert {name for name, setting in settings.items() if "defaultInfo" not in setting} == {"defaultLabels"}


def test_settings_have_environment_variables_in_the_schema() -> None:
    settings = PACKAGE["config"]["variables"]
    assert settings["apiKey"]["defaultInfo"] == {"environment": ["NEEV_API_KEY", "NEEVCLOUD_API_KEY"]}
    assert set(PACKAGE["provider"]["inputProperties"]) == set(settings)


def test_only_string_settings_are_outputs_of_the_provider() -> None:
    assert "allowInsecure" not in PACKAGE["provider"]["properties"]
    assert {prop["type"] for prop in PACKAGE["provider"]["properties"].values()} == {"string"}


def test_the_rendered_schema_is_sorted_json() -> None:
    assert json.loads(schema.render()) == PACKAGE
    assert schema.render() == json.dumps(PACKAGE, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def test_the_schema_satisfies_the_metaschema_of_pulumi() -> None:
    metaschema = (Path(__file__).parent / "data" / "pulumi.json").read_text()
    # Go has another syntax for named groups
    jsonschema.validate(PACKAGE, json.loads(metaschema.replace("(?<", "(?P<")))
