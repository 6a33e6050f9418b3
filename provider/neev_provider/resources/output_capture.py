"""What a command writes: as much of it as a state can hold, and its lines while it runs."""

from __future__ import annotations

from collections.abc import Callable

from neev_provider.core.redaction import redact

MAX_CAPTURED_CHARS = 64 * 1024
"""Characters of one stream that are kept, the last ones; likewise what of a command goes to the log."""
ERROR_LINES = 15
"""Lines that an error shows, the last ones."""
MAX_LINE_LENGTH = 500
"""Characters of a line that an error shows."""


class TailBuffer:
    """The end of a text of any length."""

    def __init__(self) -> None:
        self._text = ""
        self._omitted_chars = 0

    def append(self, text: str) -> None:
        """The text goes on."""
        self._text += text
        if len(self._text) > 2 * MAX_CAPTURED_CHARS:
            self._truncate()

    @property
    def text(self) -> str:
        """The text, or its end and before it how much is left out."""
        self._truncate()
        return f"[{self._omitted_chars} characters left out]\n{self._text}" if self._omitted_chars else self._text

    def _truncate(self) -> None:
        extra = max(0, len(self._text) - MAX_CAPTURED_CHARS)
        self._omitted_chars += extra
        self._text = self._text[extra:]


class OutputCapture:
    """Both streams of a command; whole lines are told as they come, for a secret may come in pieces."""

    def __init__(self, log: Callable[[str], None], *, silent: bool) -> None:
        self._log = log
        self._silent = silent
        self._streams = {"stdout": TailBuffer(), "stderr": TailBuffer()}
        self._lines = TailBuffer()
        self._partial_lines = {"stdout": "", "stderr": ""}
        self._logged_chars = 0

    def write(self, stream: str, text: str) -> None:
        """The command wrote this."""
        self._streams[stream].append(text)
        lines, newline, rest = (self._partial_lines[stream] + text).rpartition("\n")
        if newline:
            self._log_lines(lines)
        # half a secret would not be known again
        self._partial_lines[stream] = rest if len(rest) <= MAX_CAPTURED_CHARS else redact(rest)[-MAX_CAPTURED_CHARS:]

    def close(self) -> None:
        """The command will write no more."""
        for rest in filter(None, self._partial_lines.values()):
            self._log_lines(rest)

    @property
    def stdout(self) -> str:
        """What it wrote to its standard output."""
        return self._streams["stdout"].text

    @property
    def stderr(self) -> str:
        """What it wrote to its standard error."""
        return self._streams["stderr"].text

    @property
    def last_lines(self) -> str:
        """The end of what it wrote, for an error; nothing where the output is a secret."""
        if self._silent:
            return "Its output is a secret, so it is not shown."
        lines = self._lines.text.rstrip().splitlines()[-ERROR_LINES:]
        return (
            "Its last lines:\n" + "\n".join(line[-MAX_LINE_LENGTH:] for line in lines) if lines else "It wrote nothing."
        )

    def _log_lines(self, lines: str) -> None:
        if self._silent:
            return
        self._lines.append(redact(lines) + "\n")
        if self._logged_chars > MAX_CAPTURED_CHARS:
            return
        self._logged_chars += len(lines)
        self._log(lines)
        if self._logged_chars > MAX_CAPTURED_CHARS:
            self._log("… and more, which is not logged")
