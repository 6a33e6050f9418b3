"""Secrets are redacted from texts, also if they are encoded, split into lines or overlap."""

import asyncio
import time

from hypothesis import example, given
from hypothesis import strategies as st

from neev_provider.core import redaction
from neev_provider.core.assets import Archive, Asset
from neev_provider.core.redaction import MIN_REDACTED_LENGTH, PLACEHOLDER, Redactor

KEY = "-----BEGIN KEY-----\nfirst\nsecond\nab\n-----END KEY-----\n"
# letters that the placeholder does not have, so that no secret is found in it
texts = st.text(alphabet="xyzåX/%'\"\\ \t\r\n", max_size=30)
secrets = st.lists(texts, min_size=1, max_size=4)


@given(secrets, st.lists(texts, max_size=4), st.randoms())
@example(["xyzx", "zxyzxy"], ["xyzxyzxy"], None)
def test_every_secret_and_every_line_of_it_is_redacted(values: list[str], others: list[str], random: object) -> None:
    pieces = [*values, *(line for value in values for line in value.split("\n")), *others]
    if random is not None:
        random.shuffle(pieces)  # type: ignore[attr-defined]
    shown = Redactor.from_values(values).redact("".join(pieces))
    for secret in values:
        for line in (secret, *secret.splitlines()):
            assert len(line) < MIN_REDACTED_LENGTH or not line.strip() or line not in shown


@given(texts)
def test_a_text_without_secrets_is_unchanged(text: str) -> None:
    assert Redactor.from_values("hunter2", "abc", "  \n  ", None, True).redact(text) == text  # noqa: FBT003  a value of a map


def test_a_secret_is_redacted_without_its_newline_and_line_by_line() -> None:
    redactor = Redactor.from_values(KEY)
    assert redactor.redact(KEY.strip()) == PLACEHOLDER
    assert [redactor.redact(line) for line in KEY.splitlines()] == [
        PLACEHOLDER,
        PLACEHOLDER,
        PLACEHOLDER,
        "ab",
        PLACEHOLDER,
    ]
    assert redactor.redact(KEY.replace("\n", "\r\n")).count(PLACEHOLDER) == 4


def test_a_secret_is_redacted_in_the_encodings_of_json_python_and_urls() -> None:
    redactor = Redactor.from_values('one "two"/three')
    assert redactor.redact(r'"one \"two\"/three"') == f'"{PLACEHOLDER}"'
    assert (
        redactor.redact("/files/one%20%22two%22%2Fthree?x=one+%22two%22%2Fthree")
        == f"/files/{PLACEHOLDER}?x={PLACEHOLDER}"
    )
    assert Redactor.from_values("it's\ta").redact(repr("it's\ta")) == f'"{PLACEHOLDER}"'


def test_passwords_in_urls_and_normalized_paths_are_redacted() -> None:
    redactor = Redactor.from_values("db://user:pass%20word@host/x", "/srv//hidden/", "http://[broken/")
    assert redactor.redact("no user with pass%20word or pass word") == f"no user with {PLACEHOLDER} or {PLACEHOLDER}"
    assert redactor.redact("no directory /srv/hidden") == f"no directory {PLACEHOLDER}"


def test_overlapping_secrets_are_merged_and_short_ones_are_ignored() -> None:
    redactor = Redactor.from_values("abcd", "abcdef", "cdefgh", "1")
    assert redactor.redact("abcdef abcdefgh abcd 1") == f"{PLACEHOLDER} {PLACEHOLDER} {PLACEHOLDER} 1"


def test_nested_values_are_redacted_and_keys_are_not() -> None:
    blobs = [Asset(text="text-of-asset"), Archive(assets={"a": Asset(path="/path/of/asset")})]
    redactor = Redactor.from_values({"TOKEN": ["deep-one", {"x": 8080}]}, ("half", 1234.5, True), blobs)
    assert redactor.redact("TOKEN deep-one 8080 1234.5 True") == f"TOKEN {PLACEHOLDER} {PLACEHOLDER} {PLACEHOLDER} True"
    assert redactor.redact("text-of-asset /path/of/asset") == f"{PLACEHOLDER} {PLACEHOLDER}"


def test_secrets_are_collected_on_the_first_redaction_and_can_be_added() -> None:
    arguments: list[int] = []

    def collect() -> str:
        arguments.append(1)
        return "hunter2"

    redactor = Redactor(collect)
    assert arguments == []
    assert redactor.redact("hunter2 hunter3") == f"{PLACEHOLDER} hunter3"
    redactor.add("hunter3")
    assert redactor.redact("hunter2 hunter3") == f"{PLACEHOLDER} {PLACEHOLDER}"
    assert arguments == [1]


async def test_each_operation_and_its_tasks_redact_only_its_own_secrets() -> None:
    async def redact_both(secret: str) -> list[str]:
        with redaction.use_redactor(Redactor.from_values(secret)):
            await asyncio.sleep(0)
            redaction.add_secrets("later")
            task = asyncio.ensure_future(asyncio.to_thread(redaction.redact, "hunter2 hunter3 later"))
            return [redaction.redact("hunter2 hunter3"), await task]

    first, second = await asyncio.gather(redact_both("hunter2"), redact_both("hunter3"))
    assert first == [f"{PLACEHOLDER} hunter3", f"{PLACEHOLDER} hunter3 {PLACEHOLDER}"]
    assert second == [f"hunter2 {PLACEHOLDER}", f"hunter2 {PLACEHOLDER} {PLACEHOLDER}"]
    redaction.add_secrets("hunter2")  # outside of any operation
    assert redaction.redact("hunter2 hunter3 later") == "hunter2 hunter3 later"


def test_redaction_of_a_file_with_many_lines_is_fast() -> None:
    content = "\n".join(f"    line {number} of the file" for number in range(100_000))
    redactor = Redactor.from_values(content)
    assert redactor.redact("line 99999 of the file") == PLACEHOLDER
    began = time.monotonic()
    text = "    line 100000 of the file\n" * 1000
    assert redactor.redact(text) == text
    assert time.monotonic() - began < 5
