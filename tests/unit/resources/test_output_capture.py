"""Redaction and truncation of a command's output."""

from hypothesis import given
from hypothesis import strategies as st

from neev_provider.core.redaction import PLACEHOLDER, Redactor, redact, use_redactor
from neev_provider.resources.output_capture import MAX_CAPTURED_CHARS, MAX_LINE_LENGTH, OutputCapture

KEY = "-----BEGIN KEY-----\nhunter2\nhunter3\nab\n-----END KEY-----\n"
LINES = [line for line in KEY.splitlines() if len(line) > 3]


class CaptureRecorder:
    """Records the captured output and the log lines, which it redacts as an adapter does."""

    def __init__(self, *, silent: bool = False) -> None:
        self.log_lines: list[str] = []
        self.capture = OutputCapture(lambda text: self.log_lines.append(redact(text)), silent=silent)

    @property
    def text(self) -> str:
        return "\n".join([*self.log_lines, self.capture.last_lines])


@given(st.lists(st.integers(0, 400), max_size=12), st.lists(st.sampled_from(["stdout", "stderr"]), min_size=13))
def test_a_secret_is_redacted_however_the_output_is_split(cuts: list[int], streams: list[str]) -> None:
    written = {"stdout": f"got {KEY}, {KEY.strip()}", "stderr": f"{KEY * 2}bad hunter2 hunter3"}
    with use_redactor(Redactor.from_values(KEY)):
        output = CaptureRecorder()
        for stream, length in zip(streams, [*cuts, 1000, 1000], strict=False):
            output.capture.write(stream, written[stream][:length])
            written[stream] = written[stream][length:]
        for stream, rest in written.items():
            output.capture.write(stream, rest)
        output.capture.close()
        shown = output.text
    assert not [line for line in LINES if line in shown]
    assert "got " in shown


def test_a_secret_that_is_interrupted_by_the_other_stream_is_redacted() -> None:
    with use_redactor(Redactor.from_values("hunter2")):
        output = CaptureRecorder()
        for stream, text in (("stdout", "hun"), ("stderr", "oh"), ("stdout", "ter2\n"), ("stderr", "!\n")):
            output.capture.write(stream, text)
        output.capture.close()
    assert output.text.count(PLACEHOLDER) == 2
    assert "oh!" in output.text


def test_truncated_output_contains_no_part_of_a_secret() -> None:
    with use_redactor(Redactor.from_values("hunter2-hunter3")):
        output = CaptureRecorder()
        output.capture.write("stdout", "hunter2-hunter3" + "." * (MAX_LINE_LENGTH - 6) + "\n")
        output.capture.write("stdout", "hunter2-hunter3" + "." * (MAX_CAPTURED_CHARS - 6))
        output.capture.close()
    assert "hunter3" not in output.text


def test_secret_output_is_not_logged() -> None:
    output = CaptureRecorder(silent=True)
    output.capture.write("stdout", "hello\n")
    output.capture.close()
    assert (output.log_lines, output.capture.stdout) == ([], "hello\n")
    assert "not shown" in output.capture.last_lines
