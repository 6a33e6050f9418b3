"""The JSON schemas of the runtime's requests and responses."""

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
    """An error of the runtime."""

    reason_code: str
    message: str
    reason: NotRequired[str]


class PathRequest(TypedDict):
    """A path, relative to the workspace or to `cwd`, or absolute below /workspace."""

    path: PathText
    cwd: NotRequired[PlainText | None]


class ListRequest(PathRequest):
    """The directory to list."""

    recursive: NotRequired[bool | None]
    max_count: NotRequired[Annotated[int, Field(ge=0, le=1 << 31)] | None]


class RemoveRequest(PathRequest):
    """The path to remove."""

    recursive: NotRequired[bool | None]


class MoveRequest(TypedDict):
    """The path to move, and its new path."""

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
    """The number of bytes written."""

    bytes_written: int


class Existence(TypedDict):
    """Whether the path exists."""

    exists: bool


class EmptyBody(TypedDict):
    """An object without members."""


class EmptyRequest(TypedDict):
    """A request without parameters."""


class CommandRequest(TypedDict):
    """The arguments, directory, environment and input of a command."""

    args: NotRequired[list[PlainText] | None]
    cwd: NotRequired[PlainText | None]
    env: NotRequired[list[Variable] | None]
    stdin: NotRequired[str | None]


class ExecRequest(CommandRequest):
    """A command to run while the caller is connected."""

    command: PathText
    timeout_ms: NotRequired[Milliseconds | None]


class StartRequest(CommandRequest):
    """A process to start."""

    program: PathText


class ProcessStatus(TypedDict):
    """The state of a process."""

    process_id: str
    state: ProcessState
    exit_code: int | None
    started_at: int


class Process(ProcessStatus):
    """A process with its command."""

    name: str
    args: list[str]
    cwd: str | None


class Processes(TypedDict):
    """The processes, the oldest first."""

    processes: list[Process]


class ProcessQuery(TypedDict):
    """The process to return."""

    process_id: PathText
    wait: NotRequired[bool | None]


class KillRequest(TypedDict):
    """The process to signal, and the signal."""

    process_id: PathText
    signal: NotRequired[Signal | None]


class KillAllRequest(TypedDict):
    """The signal for every process."""

    signal: NotRequired[Signal | None]


class SignalResult(TypedDict):
    """Whether the process was running."""

    signalled: bool


class SignalCount(TypedDict):
    """The number of processes that were running."""

    signalled_count: int


class LogQuery(TypedDict):
    """The process, and the position in its output."""

    process_id: PathText
    cursor: NotRequired[Annotated[int, Field(ge=0, le=1 << 62)] | None]
    follow: NotRequired[bool | None]


class LogEntry(TypedDict):
    """A piece of output."""

    stream: Literal["stdout", "stderr"]
    data: str


class Logs(TypedDict):
    """The output of a process from the cursor."""

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
"""The request and response of each path; None if it is not JSON. Uploads and watches have no schema."""
