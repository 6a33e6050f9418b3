"""The list of the resources."""

from __future__ import annotations

import pytest

from neev_provider import resources


def test_each_resource_is_found_by_its_name_and_nothing_else_is() -> None:
    assert [each.name for each in resources.RESOURCES] == list(resources.MODULES)
    assert [resources.find_resource(name) for name in resources.MODULES] == list(resources.RESOURCES)
    assert resources.find_resource("Nothing") is None
    with pytest.raises(AttributeError, match="NOTHING"):
        _ = resources.NOTHING
