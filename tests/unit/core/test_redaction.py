"""What is secret is in no text that leaves the process, however it is spelled, cut into lines or overlapped."""

import asyncio
import time

from hypothesis import example, given
from hypothesis import strategies as st

from neev_provider.core import redaction
from neev_provider.core.assets import Archive, Asset
from neev_provider.core.redaction import MARK, SHORTEST, Redactor

KEY = "-----BEGIN KEY-----\nfirst\nsecond\nab\n-----END KEY-----\n"
# letters that the mark does not have, so that no secret is found in one
texts = st.text(alphabet="xyzåX/%'\"\\ \t\r\n", max_size=30)
secrets = st.lists(texts, min_size=1, max_size=4)


@given(secrets, st.lists(texts, max_size=4), st.randoms())
@example(["xyzx", "zxyzxy"], ["xyzxyzxy"], None)
def test_no_secret_and_no_line_of_one_is_left(values: list[str], others: list[str], random: object) -> None:
    pieces = [*values, *(line for each in values for line in each.split("\n")), *others]
    if random is not None:
        random.shuffle(pieces)  # type: ignore[attr-defined]
    shown = Redactor.of(values).redact("".join(pieces))
    for secret in values:
        for line in (secret, *secret.splitlines()):
            assert len(line) < SHORTEST or not line.strip() or line not in shown


@given(texts)
def test_a_text_without_secrets_is_left_as_it_is(text: str) -> None:
    assert Redactor.of("hunter2", "abc", "  \n  ", None, True).redact(text) == text  # noqa: FBT003  a value of a map


def test_a_secret_is_found_without_its_newline_and_line_by_line() -> None:
    redactor = Redactor.of(KEY)
    assert redactor.redact(KEY.strip()) == MARK
    assert [redactor.redact(line) for line in KEY.splitlines()] == [MARK, MARK, MARK, "ab", MARK]
    assert redactor.redact(KEY.replace("\n", "\r\n")).count(MARK) == 4


def test_a_secret_is_found_as_json_python_and_addresses_spell_it() -> None:
    redactor = Redactor.of('one "two"/three')
    assert redactor.redact(r'"one \"two\"/three"') == f'"{MARK}"'
    assert redactor.redact("/files/one%20%22two%22%2Fthree?x=one+%22two%22%2Fthree") == f"/files/{MARK}?x={MARK}"
    assert Redactor.of("it's\ta").redact(repr("it's\ta")) == f'"{MARK}"'


def test_the_password_of_an_address_and_a_path_as_it_is_written_back_are_secrets_too() -> None:
    redactor = Redactor.of("db://user:pass%20word@host/x", "/srv//hidden/", "http://[broken/")
    assert redactor.redact("no user with pass%20word or pass word") == f"no user with {MARK} or {MARK}"
    assert redactor.redact("no directory /srv/hidden") == f"no directory {MARK}"


def test_longer_secrets_win_overlapping_ones_are_one_and_tiny_ones_are_let_be() -> None:
    redactor = Redactor.of("abcd", "abcdef", "cdefgh", "1")
    assert redactor.redact("abcdef abcdefgh abcd 1") == f"{MARK} {MARK} {MARK} 1"


def test_secrets_are_found_at_any_depth_and_keys_are_none() -> None:
    blobs = [Asset(text="text-of-asset"), Archive(assets={"a": Asset(path="/path/of/asset")})]
    redactor = Redactor.of({"TOKEN": ["deep-one", {"x": 8080}]}, ("half", 1234.5, True), blobs)
    assert redactor.redact("TOKEN deep-one 8080 1234.5 True") == f"TOKEN {MARK} {MARK} {MARK} True"
    assert redactor.redact("text-of-asset /path/of/asset") == f"{MARK} {MARK}"


def test_secrets_are_collected_when_the_first_text_comes_and_others_are_added_later() -> None:
    asked: list[int] = []

    def collect() -> str:
        asked.append(1)
        return "hunter2"

    redactor = Redactor(collect)
    assert asked == []
    assert redactor.redact("hunter2 hunter3") == f"{MARK} hunter3"
    redactor.add("hunter3")
    assert redactor.redact("hunter2 hunter3") == f"{MARK} {MARK}"
    assert asked == [1]


async def test_each_operation_redacts_its_own_secrets_and_its_tasks_do_too() -> None:
    async def said(secret: str) -> list[str]:
        with redaction.bound(Redactor.of(secret)):
            await asyncio.sleep(0)
            redaction.add("later")
            task = asyncio.ensure_future(asyncio.to_thread(redaction.redact, "hunter2 hunter3 later"))
            return [redaction.redact("hunter2 hunter3"), await task]

    first, second = await asyncio.gather(said("hunter2"), said("hunter3"))
    assert first == [f"{MARK} hunter3", f"{MARK} hunter3 {MARK}"]
    assert second == [f"hunter2 {MARK}", f"hunter2 {MARK} {MARK}"]
    redaction.add("hunter2")  # of no operation
    assert redaction.redact("hunter2 hunter3 later") == "hunter2 hunter3 later"


def test_a_file_of_many_lines_is_looked_for_in_no_time() -> None:
    content = "\n".join(f"    line {number} of the file" for number in range(100_000))
    redactor = Redactor.of(content)
    assert redactor.redact("line 99999 of the file") == MARK
    began = time.monotonic()
    text = "    line 100000 of the file\n" * 1000
    assert redactor.redact(text) == text
    assert time.monotonic() - began < 5
