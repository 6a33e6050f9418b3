"""Request bodies of the runtime: an invalid one returns 400."""

import json
from collections.abc import Callable

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.runtime_harness import ManualClock, create_application
from neev_emulator.runtime import RuntimeApiError, SandboxHost
from neev_emulator.runtime.request_body import MAX_BODY_BYTES, RequestFields

PATHS = ["exec", "files/read", "files/list", "files/stat", "files/exists", "files/mkdir", "files/move", "files/remove"]
PATHS += [f"processes/{verb}" for verb in ("start", "get", "list", "kill", "kill-all", "logs")]
FIELDS = ["command", "program", "args", "cwd", "env", "stdin", "timeout_ms", "path", "source", "destination"]
FIELDS += ["recursive", "max_count", "process_id", "signal", "cursor", "follow", "wait"]

HOSTILE = st.sampled_from(
    [-1, 0, 1, 10**400, 1e308, float("nan"), float("inf"), "", "a\0b", "\ud800", "../..", "/etc/passwd", "x" * 5000]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | HOSTILE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["a", ".", "..", "a/b", "/etc", "/workspace/a", "no-such-program", "./a", "x" * 300])
LIKELY = st.fixed_dictionaries(
    {"command": NAMES, "program": NAMES, "path": NAMES, "source": NAMES, "destination": NAMES, "process_id": NAMES},
    optional={
        "cwd": NAMES,
        "args": st.lists(NAMES, max_size=3),
        "env": st.lists(st.sampled_from(["A=1", "=", "A"]), max_size=3),
        "stdin": st.text(),
        "signal": st.integers(0, 70),
        "cursor": st.integers(-1, 1 << 70),
        "recursive": st.booleans(),
        "max_count": st.integers(-1, 3),
    },
)
BODIES = LIKELY | st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8) | VALUES


@settings(max_examples=200, deadline=None)
@given(path=st.sampled_from(PATHS), body=BODIES)
async def test_no_json_body_causes_a_server_error(
    path: str, body: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # Without a PATH no generated text is a program.
    sandbox_host = SandboxHost(tmp_path_factory.mktemp("computer"), env={"PATH": "/nonexistent"}, now=ManualClock())
    transport = httpx.ASGITransport(create_application(sandbox_host))
    async with httpx.AsyncClient(transport=transport, base_url="http://runtime") as client:
        response = await client.post(f"/v1/{path}", content=json.dumps(body))
    await sandbox_host.stop()
    assert response.status_code < 500
    if response.status_code >= 400:
        assert response.json().keys() == {"reason_code", "message"}


@pytest.mark.parametrize("raw", [b"{", b"[" * 100_000, b"\xff", b"1" * 5000, b"[]", b"null", b'"x"'])
async def test_a_body_that_is_not_a_json_object_is_rejected(api: httpx.AsyncClient, raw: bytes) -> None:
    response = await api.post("/v1/files/stat", content=raw)
    assert (response.status_code, response.json()["reason_code"]) == (400, "invalid_argument")


async def test_an_empty_body_is_parsed_as_an_empty_object(api: httpx.AsyncClient) -> None:
    assert (await api.post("/v1/processes/list")).json() == {"processes": []}


@pytest.mark.parametrize("path", ["files/write?path=big", "files/stat", "exec"])
async def test_a_body_over_one_mebibyte_is_rejected(api: httpx.AsyncClient, path: str) -> None:
    response = await api.post(f"/v1/{path}", content=b" " * (MAX_BODY_BYTES + 1))
    assert response.status_code == 400
    assert "uploads" in response.json()["message"]


async def test_a_write_of_exactly_one_mebibyte_is_accepted(api: httpx.AsyncClient, host: SandboxHost) -> None:
    response = await api.post("/v1/files/write", params={"path": "big"}, content=b"x" * MAX_BODY_BYTES)
    assert response.json() == {"bytes_written": MAX_BODY_BYTES}
    assert host.files.stat("big")["size"] == MAX_BODY_BYTES


@pytest.mark.parametrize(
    "read",
    [
        lambda body: body.text("field"),
        lambda body: body.content("field"),
        lambda body: body.texts("field"),
        lambda body: body.integer("field", low=0, high=9),
        lambda body: body.flag("field"),
    ],
)
@pytest.mark.parametrize("value", [{}, 1.5, ["\0"], [1], 10, "\ud800"])
def test_the_error_names_the_field_with_the_wrong_type(read: Callable[[RequestFields], object], value: object) -> None:
    with pytest.raises(RuntimeApiError, match="field") as caught:
        read(RequestFields({"field": value}))
    assert caught.value.status == 400


def test_a_null_field_is_treated_as_absent() -> None:
    body = RequestFields(dict.fromkeys(FIELDS))
    assert (body.optional_text("cwd"), body.texts("args"), body.variables("env"), body.flag("wait")) == (
        None,
        [],
        {},
        False,
    )
    with pytest.raises(RuntimeApiError, match="path is required"):
        body.text("path")


def test_a_boolean_is_rejected_as_an_integer() -> None:
    with pytest.raises(RuntimeApiError, match="whole number"):
        RequestFields({"signal": True}).integer("signal", low=0, high=9)


def test_variables_are_split_at_the_first_equals_sign_and_the_last_duplicate_is_used() -> None:
    assert RequestFields({"env": ["A=1", "B==x=", "A=2", "C="]}).variables("env") == {"A": "2", "B": "=x=", "C": ""}


@pytest.mark.parametrize("variable", ["A", "=x", ""])
def test_a_variable_without_name_or_equals_sign_is_rejected(variable: str) -> None:
    with pytest.raises(RuntimeApiError, match="KEY=value"):
        RequestFields({"env": [variable]}).variables("env")
