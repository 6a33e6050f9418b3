"""The sources of settings, and the errors of missing and invalid ones."""

import pytest
from pydantic.alias_generators import to_snake

from neev_provider.adapters.shared.config import (
    REQUIRED,
    MissingConfigError,
    coerce_settings,
    environment_variables,
    parse_settings,
)
from neev_provider.adapters.shared.hints import PULUMI, TERRAFORM, render
from neev_provider.client.settings import DEFAULT_BASE_URL, DEFAULT_REQUEST_TIMEOUT
from neev_provider.core.errors import ConfigError
from neev_provider.core.labels import LabelPolicy

CONFIG = {"apiKey": "from-config", "orgId": "org", "projectId": "project"}
NEEV = {"NEEV_API_KEY": "from-neev", "NEEV_ORG_ID": "neev-org", "NEEV_PROJECT_ID": "neev-project"}
NEEVCLOUD = {"NEEVCLOUD_API_KEY": "from-cloud", "NEEVCLOUD_ORG_ID": "cloud-org", "NEEVCLOUD_PROJECT_ID": "cloud-p"}


def test_the_configuration_takes_precedence_over_all_environment_variables() -> None:
    found = parse_settings(CONFIG, {**NEEV, **NEEVCLOUD})
    assert (found.api_key, found.org_id, found.project_id) == ("from-config", "org", "project")


def test_neev_variables_take_precedence_over_neevcloud_variables() -> None:
    assert parse_settings({}, {**NEEVCLOUD, **NEEV}).org_id == "neev-org"
    assert parse_settings({}, NEEVCLOUD).org_id == "cloud-org"


def test_each_setting_is_resolved_separately() -> None:
    found = parse_settings({"orgId": "org"}, {"NEEV_API_KEY": "key", "NEEVCLOUD_PROJECT_ID": "project"})
    assert (found.api_key, found.org_id, found.project_id) == ("key", "org", "project")


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_setting_counts_as_unset(empty: str | None) -> None:
    assert (
        parse_settings({**CONFIG, "orgId": empty}, {"NEEV_ORG_ID": "", "NEEVCLOUD_ORG_ID": "cloud"}).org_id == "cloud"
    )


def test_optional_settings_have_defaults() -> None:
    found = parse_settings(CONFIG, {})
    assert (found.base_url, found.region, found.ca_bundle, found.allow_insecure) == (
        DEFAULT_BASE_URL,
        None,
        None,
        False,
    )
    assert found.timeout == DEFAULT_REQUEST_TIMEOUT


def test_every_setting_can_be_set_by_configuration_and_environment() -> None:
    every = {
        "baseUrl": "http://api.test/agent/",
        "region": "dev",
        "allowInsecure": "true",
        "requestTimeoutSeconds": 2.5,
    }
    variables = {
        "NEEV_BASE_URL": "http://api.test/agent",
        "NEEV_REGION": "dev",
        "NEEV_ALLOW_INSECURE": "1",
        "NEEV_REQUEST_TIMEOUT_SECONDS": "2.5",
    }
    for found in (parse_settings({**CONFIG, **every}, {}), parse_settings(CONFIG, variables)):
        assert (found.base_url, found.region, found.allow_insecure) == ("http://api.test/agent", "dev", True)
        assert found.timeout == 2.5


@pytest.mark.parametrize("message", ["soon", "0", "-1", "nan"])
def test_an_invalid_request_timeout_is_rejected(message: str) -> None:
    with pytest.raises(ConfigError, match="requestTimeoutSeconds"):
        parse_settings(CONFIG, {"NEEV_REQUEST_TIMEOUT_SECONDS": message})


@pytest.mark.parametrize("name", REQUIRED)
def test_the_error_of_a_missing_setting_has_its_key_and_variable(name: str) -> None:
    with pytest.raises(MissingConfigError, match="not configured") as caught:
        parse_settings({key: value for key, value in CONFIG.items() if key != name}, {})
    assert caught.value.missing == [name]
    text = render(caught.value, PULUMI)
    assert f"it lacks neev:{name} (or {environment_variables(name)[0]})." in text
    assert "pulumi config set" in text
    text = render(caught.value, TERRAFORM)
    assert f"it lacks `{to_snake(name)}` (or {environment_variables(name)[0]})." in text
    assert text.endswith('Set it in the `provider "neev"` block or in the environment.')


def test_one_error_names_all_missing_settings() -> None:
    with pytest.raises(MissingConfigError) as caught:
        parse_settings({}, {})
    assert caught.value.missing == list(REQUIRED)


def test_an_invalid_api_key_is_rejected_and_redacted() -> None:
    with pytest.raises(ConfigError, match="apiKey") as caught:
        parse_settings({**CONFIG, "apiKey": "hush hush"}, {})
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("name", ["allowInsecure", "checkOnPreview"])
def test_a_flag_in_the_environment_must_be_a_boolean(name: str) -> None:
    variable = environment_variables(name)[0]
    for message, meant in (("TRUE", True), ("1", True), ("false", False), ("0", False), ("", False)):
        found = parse_settings(CONFIG, {variable: message})
        assert {"allowInsecure": found.allow_insecure, "checkOnPreview": found.check_on_preview}[name] is meant
    with pytest.raises(ConfigError, match=f"the setting `{name}` must be true or false, not perhaps"):
        parse_settings(CONFIG, {variable: "perhaps"})


@pytest.mark.parametrize(
    "text", ["team=search,cost-center=7", " team=search , cost-center=7,", '{"team": "search", "cost-center": 7}']
)
def test_default_labels_may_be_a_map_or_a_text(text: str) -> None:
    for found in (
        parse_settings({**CONFIG, "defaultLabels": text}, {}),
        parse_settings(CONFIG, {"NEEV_DEFAULT_LABELS": text}),
    ):
        assert found.labels == LabelPolicy({"team": "search", "cost-center": "7"})
    assert parse_settings({**CONFIG, "defaultLabels": {"team": "search"}}, {}).labels.default_labels == {
        "team": "search"
    }
    assert coerce_settings({"defaultLabels": text}) == {"defaultLabels": {"team": "search", "cost-center": "7"}}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("team", "must be a map, or a text such as a=b,c=d"),
        ("{team", "must be a map, or a text such as a=b,c=d"),
        ('{"team": ["a"]}', "must be a map, or a text such as a=b,c=d"),
        ("Team=a", "the key 'Team' must have"),
        ("team=a,cost=7, team=a", "the key 'team' is set more than once"),
        ("team,team", "the key 'team' is set more than once"),
        ("managed-by=me", "managed-by is reserved"),
        (",".join(f"k{number}=v" for number in range(13)), r"must have at most 12 labels \(has 13\)"),
    ],
)
def test_the_error_of_an_invalid_default_label_has_the_rule(text: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=f"the setting `defaultLabels`: {reason}"):
        parse_settings(CONFIG, {"NEEV_DEFAULT_LABELS": text})


def test_ownership_labels_can_be_disabled() -> None:
    sixteen = ",".join(f"k{number}=v" for number in range(16))
    found = parse_settings(CONFIG, {"NEEV_OWNERSHIP_LABELS": "false", "NEEV_DEFAULT_LABELS": sixteen})
    assert (found.labels.names_owner, len(found.labels.default_labels)) == (False, 16)
    assert parse_settings(CONFIG, {}).labels == LabelPolicy()
    with pytest.raises(ConfigError, match="must be true or false"):
        parse_settings({**CONFIG, "ownershipLabels": "perhaps"}, {})
