"""Failures in a program of dynamic resources: the message for the user, and what remains."""

from __future__ import annotations

import pytest
from tests.engine.project import PulumiProject, out_of_band_request, remove_interrupt_tracebacks

pytestmark = pytest.mark.engine

SECRET = "hunter2-in-the-environment"
UP = ("up", "--yes", "--skip-preview")


def make_program(*lines: str) -> str:
    return "\n".join(("import pulumi", "import pulumi_neev as neev", *lines))


def is_user_readable(text: str) -> bool:
    """Return whether the text is readable for users and without secrets."""
    return not any(
        word in remove_interrupt_tracebacks(text) for word in ("Traceback", 'File "', "pulumi_neev.", SECRET)
    )


def test_invalid_inputs_fail_before_any_request_with_the_path_of_each_property(project: PulumiProject) -> None:
    egress = '{"mode": "allow_list", "allow": [{"host": "pypi.org"}, {"host": "not a host"}]}'
    project.write_python(make_program(f'neev.Sandbox("box", cpu=0.7, egress={egress}, env={{"A B": "{SECRET}"}})'))
    result = project.run_pulumi("preview")
    assert result.returncode != 0
    assert "must be a multiple of 0.5 (is 0.7)" in result.text
    assert "egress.allow[1].host" in result.text
    assert is_user_readable(result.text)
    assert project.emulator.requests == []


def test_missing_configuration_is_one_error_that_names_keys_and_variables(project: PulumiProject) -> None:
    project.write_python(make_program('neev.Sandbox("box")'))
    result = project.run_pulumi("preview", env={"NEEV_API_KEY": "", "NEEV_PROJECT_ID": ""})
    assert result.returncode != 0
    diagnostics = result.text.partition("Diagnostics:")[2]
    assert diagnostics.count("the NeevAI provider is not configured") == 1
    for name in ("neev:apiKey", "NEEV_API_KEY", "neev:projectId", "NEEV_PROJECT_ID"):
        assert name in diagnostics
    assert is_user_readable(result.text)


def test_a_lookup_without_a_match_fails_with_similar_names(project: PulumiProject) -> None:
    project.write_python(make_program('neev.get_sandbox_template(name="ubuntu-26-04-minimum")'))
    result = project.run_pulumi("preview")
    assert result.returncode != 0
    assert "near: ubuntu-26-04-minimal" in result.text
    assert is_user_readable(result.text)


def test_errors_of_the_api_are_shown_with_the_resource_and_the_status_code(project: PulumiProject) -> None:
    emulator = project.emulator
    out_of_band_request(emulator, "POST", "/sandboxes", {"name": "taken"})
    emulator.change_settings(sandbox_quota=2)
    project.write_python(
        make_program(
            'fits = neev.Sandbox("fits")',
            "after = pulumi.ResourceOptions(depends_on=fits)",
            'neev.Sandbox("taken", name="taken", opts=after)',
            f'neev.Sandbox("much", env={{"TOKEN": "{SECRET}"}}, opts=after)',
        )
    )
    result = project.run_pulumi(*UP, "--continue-on-error")
    assert result.returncode != 0
    assert "Sandbox much" in result.text
    assert "403" in result.text
    assert "limit of the project" in result.text
    assert "Sandbox taken (taken)" in result.text
    assert "409" in result.text
    assert is_user_readable(result.text)
    assert emulator.state()["sandboxes"] == 2


def test_a_partially_failed_create_is_deleted_and_reported(project: PulumiProject) -> None:
    emulator = project.emulator
    emulator.inject("status", method="POST", path="/sandboxes/{id}/pause", status=409)
    project.write_python(make_program('neev.Sandbox("box", name="the-box", paused=True)'))
    result = project.run_pulumi(*UP)
    assert result.returncode != 0
    assert "Sandbox box (the-box)" in result.text
    assert "and is deleted again" in result.text
    assert is_user_readable(result.text)
    assert emulator.state()["sandboxes"] == 0
    assert project.state_of("box") is None

    assert project.up().changes == {"box": "create"}


def test_custom_timeouts_limit_the_wait_for_a_create(project: PulumiProject) -> None:
    emulator = project.emulator
    emulator.change_settings(durations={"create": 3600})
    options = 'pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="3s"))'
    project.write_python(make_program(f'neev.Sandbox("box", opts={options})'))
    result = project.run_pulumi(*UP)
    assert result.returncode != 0
    assert "not done after 3 s; last seen: Pending" in result.text
    assert "and is deleted again" in result.text
    assert is_user_readable(result.text)
    assert emulator.state()["sandboxes"] == 0


def test_a_failed_snapshot_is_deleted_and_its_reason_is_shown(project: PulumiProject) -> None:
    emulator = project.emulator
    emulator.inject("failed_phase", method="POST", path="/sandboxes/{id}/snapshots", reason="the disk is full")
    project.write_python(make_program('box = neev.Sandbox("box")', 'neev.Snapshot("kept", sandbox_id=box.id)'))
    result = project.run_pulumi(*UP)
    assert result.returncode != 0
    assert "the disk is full" in result.text
    assert is_user_readable(result.text)
    assert (emulator.state()["sandboxes"], emulator.state()["snapshots"]) == (1, 0)
