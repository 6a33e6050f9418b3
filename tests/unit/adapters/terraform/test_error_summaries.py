"""The summary of an error names the resource: the engine shows no address of a resource without configuration."""

from __future__ import annotations

import pytest

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.subjects import describe
from neev_provider.adapters.terraform.values import Values, encode

BOX = {"id": "1", "name": "box"}


@pytest.mark.parametrize(
    ("prior", "planned", "summary"),
    [
        (None, BOX, "create neev_sandbox"),
        (BOX, BOX, "update neev_sandbox box"),
        (BOX, None, "delete neev_sandbox box"),
        ({"id": "1/8080"}, None, "delete neev_sandbox 1/8080"),
    ],
)
def test_the_summary_of_an_apply_error_names_the_resource(
    prior: Values | None, planned: Values | None, summary: str
) -> None:
    request = pb.ApplyResourceChange.Request(
        type_name="neev_sandbox", prior_state=encode(prior), planned_state=encode(planned)
    )
    assert describe(request) == summary


def test_the_summary_of_a_read_error_names_the_resource() -> None:
    request = pb.ReadResource.Request(type_name="neev_sandbox", current_state=encode(BOX))
    assert describe(request) == "read neev_sandbox box"


def test_the_summary_of_a_plan_error_names_the_resource() -> None:
    request = pb.PlanResourceChange.Request(type_name="neev_sandbox", prior_state=encode(BOX))
    assert describe(request) == "plan neev_sandbox box"
    assert describe(pb.ConfigureProvider.Request()) == "configure the provider"
