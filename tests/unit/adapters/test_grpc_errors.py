"""The status code of each error, and the message for the user."""

from __future__ import annotations

import inspect

import grpc
import pytest

from neev_provider.adapters.pulumi.plugin.grpc_errors import STATUS_CODES, user_message
from neev_provider.core import errors

ABSTRACT = {errors.NeevError, errors.ApiError}


def test_every_error_class_has_a_status_code() -> None:
    ours = {
        getmember
        for _, getmember in inspect.getmembers(errors, inspect.isclass)
        if issubclass(getmember, errors.NeevError)
    }
    assert ours - ABSTRACT == set(STATUS_CODES)


def test_a_specific_error_has_its_own_status_code() -> None:
    assert STATUS_CODES[errors.QuotaExceeded] is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert STATUS_CODES[errors.Forbidden] is grpc.StatusCode.PERMISSION_DENIED


def test_an_error_text_names_its_resource_once() -> None:
    assert user_message(errors.OperationFailed("no"), "Sandbox box").startswith("Sandbox box: no.")
    late = errors.DeadlineExceeded("Sandbox box", 2, "Pending")
    assert user_message(late, "Sandbox box").count("Sandbox box") == 1


def test_an_unexpected_exception_is_reported_without_traceback_and_secret(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(KeyError) as caught:
        dict[str, str]()["hunter2"]
    text = user_message(caught.value, "Sandbox box")
    assert text.startswith("Sandbox box: a bug in the NeevAI provider (KeyError). Please report it")
    shown = capsys.readouterr().err
    assert shown.startswith("KeyError in the NeevAI provider:")
    assert "test_grpc_errors.py" in shown
    assert "KeyError: 'hunter2'" not in shown
