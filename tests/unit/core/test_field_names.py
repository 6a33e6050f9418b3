"""What the API says of fields, with the declared names."""

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
def test_a_field_is_called_as_it_is_declared(message: str, output: str) -> None:
    assert replace_field_names(message, SandboxResource.inputs, SandboxResource.api_field_names) == output


def test_an_image_calls_its_source_otherwise() -> None:
    message = "restore: must be a UUID"
    assert (
        replace_field_names(message, GoldenImageResource.inputs, GoldenImageResource.api_field_names)
        == "sourceSnapshotId: must be a UUID"
    )


def test_an_error_says_all_it_says_with_these_names() -> None:
    for details in ("resources.cpu, on_idle", None):
        error = InvalidRequest(422, "on_idle: no", details=details)
        reword(error, SandboxResource.inputs, SandboxResource.api_field_names)
        assert (error.message, error.details) == ("onIdle: no", details and "cpu, onIdle")
    failed = OperationFailed("memory_gb", action="x")
    reword(failed, SandboxResource.inputs, SandboxResource.api_field_names)
    assert failed.message == "x: memoryGb"
