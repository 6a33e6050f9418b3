"""The account of the resources of a stack."""

from __future__ import annotations

from typing import Any

import pytest

from neev_provider.cli.accounts import PROVIDER_TYPE, resolve_resource_settings

ENVIRON = {"NEEV_API_KEY": "of-env", "NEEV_ORG_ID": "org-of-env", "NEEV_PROJECT_ID": "of-env"}
STORED = {"apiKey": "of-state", "orgId": "org-of-state", "projectId": "of-state"}


def resolve_account(name: str, stack_config: dict[str, Any], environ: dict[str, str]) -> tuple[str, str]:
    urn = f"urn:pulumi:dev::story::{PROVIDER_TYPE}::{name}"
    provider = {"urn": urn, "type": PROVIDER_TYPE, "inputs": STORED}
    found = resolve_resource_settings({"provider": f"{urn}::1"}, [provider], stack_config, environ)
    return found.api_key, found.org_id


@pytest.mark.parametrize(
    ("name", "configured", "environ", "expected"),
    [
        ("mine", {"neev:apiKey": "of-config"}, ENVIRON, ("of-state", "org-of-state")),
        ("default", {}, {}, ("of-state", "org-of-state")),
        ("default", {}, ENVIRON, ("of-env", "org-of-state")),
        ("default_0_1_0", {"neev:apiKey": "of-config", "aws:region": "x"}, ENVIRON, ("of-config", "org-of-state")),
        ("default", {"neev:orgId": "org-of-config"}, ENVIRON, ("of-env", "org-of-config")),
    ],
)
def test_configuration_and_environment_override_stored_default_providers_only(
    name: str, configured: dict[str, Any], environ: dict[str, str], expected: tuple[str, str]
) -> None:
    assert resolve_account(name, configured, environ) == expected


def test_dynamic_resources_are_in_the_account_of_the_stack() -> None:
    found = resolve_resource_settings(
        {"provider": "urn:pulumi:dev::story::pulumi:providers:pulumi-python::default::1"}, [], {}, ENVIRON
    )
    assert found.api_key == "of-env"
