"""The shapes of what the runtime takes and answers, where that is JSON."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

PlainText = Annotated[str, Field(json_schema_extra={"pattern": r"^[^\x00]*$"})]
PathText = Annotated[str, Field(min_length=1, json_schema_extra={"pattern": r"^[^\x00]+$"})]
Variable = Annotated[str, Field(json_schema_extra={"pattern": r"^[^=\x00]+=[^\x00]*$"})]
Milliseconds = Annotated[int, Field(ge=0, le=7 * 24 * 3600 * 1000)]
Signal = Annotated[int, Field(ge=1, le=64)]
ProcessState = Literal["running", "exited"]


class RuntimeErrorBody(TypedDict):
    """Why the runtime refused."""

    reason_code: str
    message: str


class PathRequest(TypedDict):
    """A path, relative to the workspace or to `cwd`, or absolute below /workspace."""

    path: PathText
    cwd: NotRequired[PlainText | None]


class ListRequest(PathRequest):
    """Which entries are asked for."""

    recursive: NotRequired[bool | None]
    max_count: NotRequired[Annotated[int, Field(ge=0, le=1 << 31)] | None]


class RemoveRequest(PathRequest):
    """What is to be removed."""

    recursive: NotRequired[bool | None]


class MoveRequest(TypedDict):
    """What goes where."""

    source: PathText
    destination: PathText
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


class EntryBody(TypedDict):
    """One entry."""

    entry: Entry


class EntriesBody(TypedDict):
    """Entries by name."""

    entries: list[Entry]


class WriteResult(TypedDict):
    """How much was written."""

    bytes_written: int


class Existence(TypedDict):
    """Whether there is such a path."""

    exists: bool


class EmptyBody(TypedDict):
    """An object without members."""


class EmptyRequest(TypedDict):
    """A request for everything there is."""


class CommandRequest(TypedDict):
    """What a command gets, beside its name."""

    args: NotRequired[list[PlainText] | None]
    cwd: NotRequired[PlainText | None]
    env: NotRequired[list[Variable] | None]
    stdin: NotRequired[str | None]


class ExecRequest(CommandRequest):
    """A command to run while its caller listens."""

    command: PathText
    timeout_ms: NotRequired[Milliseconds | None]


class StartRequest(CommandRequest):
    """A process to start."""

    program: PathText


class ProcessStatus(TypedDict):
    """A process and whether it still runs."""

    process_id: str
    state: ProcessState
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

    process_id: PathText
    wait: NotRequired[bool | None]


class KillRequest(TypedDict):
    """Which process is sent which signal."""

    process_id: PathText
    signal: NotRequired[Signal | None]


class KillAllRequest(TypedDict):
    """Which signal every process is sent."""

    signal: NotRequired[Signal | None]


class SignalResult(TypedDict):
    """Whether the process was there to be sent it."""

    signalled: bool


class SignalCount(TypedDict):
    """How many processes were sent it."""

    signalled_count: int


class LogQuery(TypedDict):
    """What of a process's output is asked for."""

    process_id: PathText
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
    state: ProcessState


RequestType = Any
ENDPOINT_SCHEMAS: dict[str, tuple[RequestType, RequestType]] = {
    "/v1/exec": (ExecRequest, None),
    "/v1/files/write": (None, WriteResult),
    "/v1/files/read": (PathRequest, None),
    "/v1/files/list": (ListRequest, EntriesBody),
    "/v1/files/stat": (PathRequest, EntryBody),
    "/v1/files/exists": (PathRequest, Existence),
    "/v1/files/mkdir": (PathRequest, EntryBody),
    "/v1/files/move": (MoveRequest, EntryBody),
    "/v1/files/remove": (RemoveRequest, EmptyBody),
    "/v1/processes/start": (StartRequest, Process),
    "/v1/processes/get": (ProcessQuery, ProcessStatus),
    "/v1/processes/list": (EmptyRequest, Processes),
    "/v1/processes/kill": (KillRequest, SignalResult),
    "/v1/processes/kill-all": (KillAllRequest, SignalCount),
    "/v1/processes/logs": (LogQuery, Logs),
}
"""What each path takes and answers; None is what is no JSON. Uploads and watches are described by no schema."""
