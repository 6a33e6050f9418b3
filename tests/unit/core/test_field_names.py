"""Messages of the API about fields, with the names of the declared properties."""

import pytest

from neev_provider.core.errors import InvalidRequest, OperationFailed
from neev_provider.core.field_names import replace_field_names, reword
from neev_provider.resources.image.golden_image import GoldenImageResource
from neev_provider.resources.sandbox.sandbox import SandboxResource


@pytest.mark.parametrize(
    ("message", "output"),
    [
        ("sandbox_template_id: no template 'sb-x' is offered", "templateId: no template 'sb-x' is offered"),
        ("restore: must be a UUID", "snapshotId: must be a UUID"),
        ("'restore' and image", "'snapshotId' and image"),
        ("cannot restore the snapshot", "cannot restore the snapshot"),
        ("resources.memory_gb: must be at most 16", "memoryGb: must be at most 16"),
        ("lifecycle.idle_timeout_seconds must be 0 or more", "idleTimeoutSeconds must be 0 or more"),
        ("resources: must match those of the origin", "resources: must match those of the origin"),
        ("env[2].name: must be a name; env.0.value too", "env: must be a name; env too"),
        ("egress.allow_internet: only in allow_list", "egress.allowInternet: only in allow_list"),
        ("sandbox_quota_exceeded by on_idle", "sandbox_quota_exceeded by onIdle"),
        ("see /docs/memory_gb", "see /docs/memory_gb"),
    ],
)
def test_api_field_names_are_replaced_with_property_names(message: str, output: str) -> None:
    assert replace_field_names(message, SandboxResource.inputs, SandboxResource.api_field_names) == output


def test_a_golden_image_replaces_restore_with_its_own_property() -> None:
    message = "restore: must be a UUID"
    assert (
        replace_field_names(message, GoldenImageResource.inputs, GoldenImageResource.api_field_names)
        == "sourceSnapshotId: must be a UUID"
    )


def test_reword_replaces_field_names_in_all_parts_of_an_error() -> None:
    for details in ("resources.cpu, on_idle", None):
        error = InvalidRequest(422, "on_idle: no", details=details)
        reword(error, SandboxResource.inputs, SandboxResource.api_field_names)
        assert (error.message, error.details) == ("onIdle: no", details and "cpu, onIdle")
    failed = OperationFailed("memory_gb", action="x")
    reword(failed, SandboxResource.inputs, SandboxResource.api_field_names)
    assert failed.message == "x: memoryGb"
