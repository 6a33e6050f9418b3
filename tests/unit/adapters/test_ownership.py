"""The owner of a resource, by its URN."""

import pytest

from neev_provider.adapters.pulumi.ownership import owner_of_urn
from neev_provider.core.labels import Owner


def test_a_urn_names_the_stack_and_the_project() -> None:
    urn = "urn:pulumi:dev::shop::my:component:Web$neev:index:Sandbox::a::b"
    assert owner_of_urn(urn) == Owner("pulumi-neev", "shop", "dev", urn)


@pytest.mark.parametrize("text", ["", "None", "urn:pulumi:dev::shop::neev:index:Sandbox", "dev::shop::type::name"])
def test_an_invalid_urn_names_no_owner(text: str) -> None:
    assert owner_of_urn(text) is None
