"""Capture of a command's output: its end for the state, its lines for the log."""

from __future__ import annotations

from collections.abc import Callable

from neev_provider.core.plurals import count_noun
from neev_provider.core.redaction import redact

MAX_CAPTURED_CHARS = 64 * 1024
"""Maximum number of characters kept of one stream (the last ones), and logged of one command."""
ERROR_LINES = 15
"""Maximum number of output lines in an error (the last ones)."""
MAX_LINE_LENGTH = 500
"""Maximum length of an output line in an error."""


class TailBuffer:
    """A buffer that keeps the end of a text of any length."""

    def __init__(self) -> None:
        self._text = ""
        self._omitted_chars = 0

    def append(self, text: str) -> None:
        """Append text."""
        self._text += text
        if len(self._text) > 2 * MAX_CAPTURED_CHARS:
            self._truncate()

    @property
    def text(self) -> str:
        """Return the text, or the number of omitted characters followed by its end."""
        self._truncate()
        omitted = f"[{count_noun(self._omitted_chars, 'character')} left out]\n" if self._omitted_chars else ""
        return omitted + self._text

    def _truncate(self) -> None:
        extra = max(0, len(self._text) - MAX_CAPTURED_CHARS)
        self._omitted_chars += extra
        self._text = self._text[extra:]


class OutputCapture:
    """Both output streams of a command. It logs complete lines, because a secret may arrive in parts."""

    def __init__(self, log: Callable[[str], None], *, silent: bool) -> None:
        self._log = log
        self._silent = silent
        self._streams = {"stdout": TailBuffer(), "stderr": TailBuffer()}
        self._lines = TailBuffer()
        self._partial_lines = {"stdout": "", "stderr": ""}
        self._logged_chars = 0

    def write(self, stream: str, text: str) -> None:
        """Add text that the command wrote to the stream."""
        self._streams[stream].append(text)
        lines, newline, rest = (self._partial_lines[stream] + text).rpartition("\n")
        if newline:
            self._log_lines(lines)
        # redact before truncating: part of a secret is not recognized
        self._partial_lines[stream] = rest if len(rest) <= MAX_CAPTURED_CHARS else redact(rest)[-MAX_CAPTURED_CHARS:]

    def close(self) -> None:
        """Log the incomplete last lines after the command has ended."""
        for rest in filter(None, self._partial_lines.values()):
            self._log_lines(rest)

    @property
    def stdout(self) -> str:
        """Return the captured standard output."""
        return self._streams["stdout"].text

    @property
    def stderr(self) -> str:
        """Return the captured standard error."""
        return self._streams["stderr"].text

    @property
    def last_lines(self) -> str:
        """Return the last lines for an error message. Omit them if the output is secret."""
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
