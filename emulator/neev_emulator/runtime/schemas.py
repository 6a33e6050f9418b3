"""The shapes of what the runtime takes and answers, where that is JSON."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

PlainText = Annotated[str, Field(json_schema_extra={"pattern": r"^[^\x00]*$"})]
Path = Annotated[str, Field(min_length=1, json_schema_extra={"pattern": r"^[^\x00]+$"})]
Variable = Annotated[str, Field(json_schema_extra={"pattern": r"^[^=\x00]+=[^\x00]*$"})]
Milliseconds = Annotated[int, Field(ge=0, le=7 * 24 * 3600 * 1000)]
Signal = Annotated[int, Field(ge=1, le=64)]
State = Literal["running", "exited"]


class RuntimeRefusal(TypedDict):
    """Why the runtime refused."""

    reason_code: str
    message: str


class Located(TypedDict):
    """A path, relative to the workspace or to `cwd`, or absolute below /workspace."""

    path: Path
    cwd: NotRequired[PlainText | None]


class Listing(Located):
    """Which entries are asked for."""

    recursive: NotRequired[bool | None]
    max_count: NotRequired[Annotated[int, Field(ge=0, le=1 << 31)] | None]


class Removal(Located):
    """What is to be removed."""

    recursive: NotRequired[bool | None]


class Move(TypedDict):
    """What goes where."""

    source: Path
    destination: Path
    cwd: NotRequired[PlainText | None]


class Entry(TypedDict):
    """A file, a directory or a link."""

    name: str
    type: Literal["file", "directory", "symlink"]
    path: str
    size: int
    mode: int
    permissions: str
    modified_time: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    symlink_target: NotRequired[str]


class One(TypedDict):
    """One entry."""

    entry: Entry


class Many(TypedDict):
    """Entries by name."""

    entries: list[Entry]


class Written(TypedDict):
    """How much was written."""

    bytes_written: int


class Existence(TypedDict):
    """Whether there is such a path."""

    exists: bool


class Nothing(TypedDict):
    """An object without members."""


class NoQuery(TypedDict):
    """A request for everything there is."""


class Running(TypedDict):
    """What a command gets, beside its name."""

    args: NotRequired[list[PlainText] | None]
    cwd: NotRequired[PlainText | None]
    env: NotRequired[list[Variable] | None]
    stdin: NotRequired[str | None]


class Exec(Running):
    """A command to run while its caller listens."""

    command: Path
    timeout_ms: NotRequired[Milliseconds | None]


class Start(Running):
    """A process to start."""

    program: Path


class ProcessStatus(TypedDict):
    """A process and whether it still runs."""

    process_id: str
    state: State
    exit_code: int | None
    started_at: int


class Process(ProcessStatus):
    """A process and what was started."""

    name: str
    args: list[str]
    cwd: str | None


class Processes(TypedDict):
    """The processes, the oldest first."""

    processes: list[Process]


class ProcessQuery(TypedDict):
    """Which process is asked about."""

    process_id: Path
    wait: NotRequired[bool | None]


class Kill(TypedDict):
    """Which process is sent which signal."""

    process_id: Path
    signal: NotRequired[Signal | None]


class KillAll(TypedDict):
    """Which signal every process is sent."""

    signal: NotRequired[Signal | None]


class Signalled(TypedDict):
    """Whether the process was there to be sent it."""

    signalled: bool


class SignalledCount(TypedDict):
    """How many processes were sent it."""

    signalled_count: int


class LogQuery(TypedDict):
    """What of a process's output is asked for."""

    process_id: Path
    cursor: NotRequired[Annotated[int, Field(ge=0, le=1 << 62)] | None]
    follow: NotRequired[bool | None]


class LogEntry(TypedDict):
    """A piece of output."""

    stream: Literal["stdout", "stderr"]
    data: str


class Logs(TypedDict):
    """What a process wrote from the cursor on."""

    entries: list[LogEntry]
    cursor: int
    dropped: bool
    state: State


Taken = Any
CALLS: dict[str, tuple[Taken, Taken]] = {
    "/v1/exec": (Exec, None),
    "/v1/files/write": (None, Written),
    "/v1/files/read": (Located, None),
    "/v1/files/list": (Listing, Many),
    "/v1/files/stat": (Located, One),
    "/v1/files/exists": (Located, Existence),
    "/v1/files/mkdir": (Located, One),
    "/v1/files/move": (Move, One),
    "/v1/files/remove": (Removal, Nothing),
    "/v1/processes/start": (Start, Process),
    "/v1/processes/get": (ProcessQuery, ProcessStatus),
    "/v1/processes/list": (NoQuery, Processes),
    "/v1/processes/kill": (Kill, Signalled),
    "/v1/processes/kill-all": (KillAll, SignalledCount),
    "/v1/processes/logs": (LogQuery, Logs),
}
"""What each path takes and answers; None is what is no JSON. Uploads and watches are described by no schema."""
