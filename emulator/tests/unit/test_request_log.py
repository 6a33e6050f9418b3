"""The names of operations in the request log."""

import pytest

from neev_emulator.faults.request_log import relative_path, route_template

PROJECT = "/agent/api/v1beta1/orgs/acme/projects/one"


@pytest.mark.parametrize(
    ("path", "template"),
    [
        (f"{PROJECT}/sandboxes", "/sandboxes"),
        (f"{PROJECT}/sandboxes/web", "/sandboxes/{id}"),
        (f"{PROJECT}/sandboxes/web/ports/80", "/sandboxes/{id}/ports/{id}"),
        (f"{PROJECT}/sandboxes/web/snapshots", "/sandboxes/{id}/snapshots"),
        (f"{PROJECT}/snapshots/x", "/snapshots/{id}"),
        ("/agent/api/v1beta1/agent-templates/ag-x", "/agent-templates/{id}"),
        ("/sandboxes-runtime/v1/exec", "/v1/exec"),
        ("/elsewhere", "/elsewhere"),
    ],
)
def test_the_route_template_is_the_path_below_the_project_without_ids(path: str, template: str) -> None:
    assert route_template(relative_path(path)) == template
