"""Uploads resume after an interruption, and no partial file is visible."""

from base64 import b64encode

import httpx
import pytest

from helpers.runtime_harness import AsgiCaller
from neev_emulator.runtime import SandboxHost
from neev_emulator.runtime.request_body import MAX_BODY_BYTES

TUS = {"Tus-Resumable": "1.0.0"}


def encode_metadata(**values: str) -> str:
    return ",".join(f"{key} {b64encode(value.encode()).decode()}" for key, value in values.items())


async def create_upload(api: httpx.AsyncClient, path: str, length: int, **more: str) -> httpx.Response:
    headers = TUS | {"Upload-Length": str(length), "Upload-Metadata": encode_metadata(path=path, **more)}
    return await api.post("/v1/files/uploads", headers=headers)


async def patch_upload(api: httpx.AsyncClient, location: str, offset: object, chunk: bytes) -> httpx.Response:
    headers = TUS | {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
    return await api.patch(location, headers=headers, content=chunk)


@pytest.fixture
async def location(api: httpx.AsyncClient) -> str:
    response = await create_upload(api, "sub/file", 10, cwd="deep")
    assert response.status_code == 201
    return str(response.headers["Location"])


async def test_the_file_exists_only_after_the_last_chunk(
    api: httpx.AsyncClient, host: SandboxHost, location: str
) -> None:
    first = await patch_upload(api, location, 0, b"01234")
    assert (first.status_code, first.headers["Upload-Offset"]) == (204, "5")
    assert not host.files.exists("deep/sub/file")
    head = await api.head(location, headers=TUS)
    assert (head.status_code, head.headers["Upload-Offset"], head.headers["Upload-Length"]) == (200, "5", "10")
    last = await patch_upload(api, location, 5, b"56789")
    assert last.headers["Upload-Offset"] == "10"
    assert (host.workspace / "deep/sub/file").read_bytes() == b"0123456789"
    assert (await api.head(location, headers=TUS)).status_code == 404


async def test_a_chunk_at_the_wrong_offset_returns_409(api: httpx.AsyncClient, location: str) -> None:
    await patch_upload(api, location, 0, b"01234")
    for offset in (0, 4, 6):
        reopened = await patch_upload(api, location, offset, b"x")
        assert (reopened.status_code, reopened.json()["reason_code"]) == (409, "failed_precondition")
    assert (await api.head(location, headers=TUS)).headers["Upload-Offset"] == "5"


async def test_a_chunk_beyond_the_upload_length_is_rejected(api: httpx.AsyncClient, location: str) -> None:
    assert (await patch_upload(api, location, 0, b"x" * 11)).status_code == 400


async def test_a_chunk_over_one_mebibyte_is_rejected(api: httpx.AsyncClient) -> None:
    location = (await create_upload(api, "big", 2 * MAX_BODY_BYTES)).headers["Location"]
    assert (await patch_upload(api, location, 0, b"x" * (MAX_BODY_BYTES + 1))).status_code == 400
    assert (await patch_upload(api, location, 0, b"x" * MAX_BODY_BYTES)).status_code == 204


async def test_deleting_an_upload_deletes_its_staged_bytes(
    api: httpx.AsyncClient, host: SandboxHost, location: str
) -> None:
    await patch_upload(api, location, 0, b"01234")
    assert (await api.delete(location, headers=TUS)).status_code == 204
    assert (await api.delete(location, headers=TUS)).status_code == 404
    assert (await patch_upload(api, location, 5, b"56789")).status_code == 404
    assert list((host.workspace.parent / "uploads").iterdir()) == []


async def test_an_upload_of_length_zero_creates_an_empty_file(api: httpx.AsyncClient, host: SandboxHost) -> None:
    assert (await create_upload(api, "empty", 0)).status_code == 201
    assert host.files.stat("empty")["size"] == 0


@pytest.mark.parametrize(
    ("path", "status"), [("../out", 403), ("/etc/passwd", 403), ("a\0b", 400), ("folder", 412), ("file/below", 412)]
)
async def test_an_upload_to_an_invalid_path_is_rejected_at_its_creation(
    api: httpx.AsyncClient, host: SandboxHost, path: str, status: int
) -> None:
    host.files.mkdir("folder")
    host.files.write("file", b"")
    assert (await create_upload(api, path, 5)).status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload-Length": "-1"},
        {"Upload-Length": "1_000"},
        {"Upload-Length": "9" * 400},
        {"Upload-Length": ""},
        {"Upload-Metadata": ""},
        {"Upload-Metadata": "path !!!"},
        {"Upload-Metadata": "path /w=="},
        {"Upload-Metadata": "cwd YQ=="},
    ],
)
async def test_invalid_upload_headers_are_rejected(api: httpx.AsyncClient, headers: dict[str, str]) -> None:
    valid_values = {**TUS, "Upload-Length": "5", "Upload-Metadata": encode_metadata(path="file")}
    response = await api.post("/v1/files/uploads", headers={**valid_values, **headers})
    assert (response.status_code, response.json()["reason_code"]) == (400, "invalid_argument")


@pytest.mark.parametrize("offset", ["-1", "x", "", "1.0"])
async def test_an_invalid_upload_offset_is_rejected(api: httpx.AsyncClient, location: str, offset: str) -> None:
    assert (await patch_upload(api, location, offset, b"")).status_code == 400


async def test_a_missing_protocol_version_or_content_type_is_rejected(api: httpx.AsyncClient, location: str) -> None:
    assert (await api.head(location)).status_code == 412
    assert (await api.patch(location, headers=TUS | {"Upload-Offset": "0"}, content=b"x")).status_code == 400


async def test_the_received_part_of_an_interrupted_chunk_is_kept(
    api: httpx.AsyncClient, host: SandboxHost, location: str
) -> None:
    caller = AsgiCaller(host, "PATCH", location)
    caller.send(b"012", more=True)
    caller.disconnect()
    await caller.serve(TUS | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"})
    assert (await api.head(location, headers=TUS)).headers["Upload-Offset"] == "3"
    await patch_upload(api, location, 3, b"3456789")
    assert (host.workspace / "deep/sub/file").read_bytes() == b"0123456789"


async def test_the_number_of_unfinished_uploads_is_limited(api: httpx.AsyncClient) -> None:
    responses = [(await create_upload(api, "file", 5)).status_code for _ in range(257)]
    assert responses == [201] * 256 + [429]


async def test_staged_files_of_a_killed_emulator_are_deleted(api: httpx.AsyncClient, host: SandboxHost) -> None:
    staging = host.workspace.parent / "uploads"
    staging.mkdir()
    (staging / "left").write_bytes(b"x")
    await create_upload(api, "file", 5)
    assert not (staging / "left").exists()
    await host.stop()
    assert list(staging.iterdir()) == []
