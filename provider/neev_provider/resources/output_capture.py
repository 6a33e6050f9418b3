"""What a command writes: as much of it as a state can hold, and its lines while it runs."""

from __future__ import annotations

from collections.abc import Callable

from neev_provider.core.redaction import redact

KEPT = 64 * 1024
"""Characters of one stream that are kept, the last ones; likewise what of a command goes to the log."""
LINES = 15
"""Lines that an error shows, the last ones."""
WIDTH = 500
"""Characters of a line that an error shows."""


class Kept:
    """The end of a text of any length."""

    def __init__(self) -> None:
        self._text = ""
        self._left_out = 0

    def add(self, text: str) -> None:
        """The text goes on."""
        self._text += text
        if len(self._text) > 2 * KEPT:
            self._cut()

    @property
    def text(self) -> str:
        """The text, or its end and before it how much is left out."""
        self._cut()
        return f"[{self._left_out} characters left out]\n{self._text}" if self._left_out else self._text

    def _cut(self) -> None:
        extra = max(0, len(self._text) - KEPT)
        self._left_out += extra
        self._text = self._text[extra:]


class Transcript:
    """Both streams of a command; whole lines are told as they come, for a secret may come in pieces."""

    def __init__(self, log: Callable[[str], None], *, silent: bool) -> None:
        self._log = log
        self._silent = silent
        self._streams = {"stdout": Kept(), "stderr": Kept()}
        self._lines = Kept()
        self._open = {"stdout": "", "stderr": ""}
        self._logged = 0

    def hear(self, stream: str, text: str) -> None:
        """The command wrote this."""
        self._streams[stream].add(text)
        lines, newline, rest = (self._open[stream] + text).rpartition("\n")
        if newline:
            self._tell(lines)
        # half a secret would not be known again
        self._open[stream] = rest if len(rest) <= KEPT else redact(rest)[-KEPT:]

    def end(self) -> None:
        """The command will write no more."""
        for rest in filter(None, self._open.values()):
            self._tell(rest)

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
        lines = self._lines.text.rstrip().splitlines()[-LINES:]
        return "Its last lines:\n" + "\n".join(line[-WIDTH:] for line in lines) if lines else "It wrote nothing."

    def _tell(self, lines: str) -> None:
        if self._silent:
            return
        self._lines.add(redact(lines) + "\n")
        if self._logged > KEPT:
            return
        self._logged += len(lines)
        self._log(lines)
        if self._logged > KEPT:
            self._log("… and more, which is not logged")
