"""The rest of the table: the resources in sandboxes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.lifecycle.cases import ScenarioCase, ScenarioStep, no_change_step, replace_step, update_step

from neev_provider.core.assets import Archive, Asset

EXEC = "POST /v1/exec"
STAT = "POST /v1/files/stat"
SOURCE = {"sandboxId": "$source"}
KEPT_AFTER_DELETE = ("Command", "Process")
"""The kinds that exist as long as their sandbox does, because the API cannot observe them or the program decides."""

COMMANDS = (
    ScenarioCase(
        "a command without an update command is replaced by each change",
        "Command",
        {**SOURCE, "create": ["echo", "one"], "triggers": [1]},
        (
            no_change_step({**SOURCE, "create": ["echo", "one"], "triggers": [1.0]}),
            replace_step(
                {**SOURCE, "create": ["echo", "two"], "triggers": [1]}, state={"stdout": "two\n", "exitCode": 0}
            ),
            replace_step({**SOURCE, "create": ["echo", "two"], "triggers": [2]}),
            replace_step({**SOURCE, "create": ["cat"], "stdin": "in"}, state={"stdout": "in"}),
            replace_step({**SOURCE, "create": ["pwd"], "cwd": "."}),
            replace_step({**SOURCE, "create": ["pwd"], "cwd": ".", "env": {"A": "1"}}),
            replace_step({"sandboxId": "$another", "create": ["pwd"]}),
        ),
        state={"stdout": "one\n", "outcome": "succeeded"},
    ),
    ScenarioCase(
        "a command with an update command is updated in place",
        "Command",
        {**SOURCE, "create": ["echo", "one"], "update": ["echo", "changed"]},
        (
            update_step({**SOURCE, "create": ["echo", "2"], "update": ["echo", "3"]}, EXEC, state={"stdout": "3\n"}),
            update_step({**SOURCE, "create": ["echo", "2"], "update": ["echo", "4"]}, state={"stdout": "3\n"}),
            update_step(
                {**SOURCE, "create": ["echo", "2"], "update": ["env"], "env": {"A": "b"}, "delete": ["true"]},
                EXEC,
                state={"env": {"A": "b"}, "exitCode": 0},
            ),
            update_step(
                {**SOURCE, "create": ["echo", "2"], "update": ["sh", "-c", "exit 3"], "allowFailure": True}, EXEC
            ),
            update_step(
                {
                    **SOURCE,
                    "create": ["x"],
                    "update": ["sh", "-c", "exit 3"],
                    "allowFailure": True,
                    "timeoutSeconds": 9,
                },
                EXEC,
                state={"exitCode": 3},
            ),
            update_step({**SOURCE, "create": ["x"], "secretOutput": True}, state={"exitCode": 3}),
        ),
    ),
)

UP = {**SOURCE, "command": ["sh", "-c", "echo up; exec sleep 600"], "readiness": {"logPattern": "up"}}
PROCESSES = (
    ScenarioCase(
        "a process is restarted in place and replaced if its sandbox changes",
        "Process",
        {**UP, "triggers": [1]},
        (
            no_change_step({**UP, "triggers": [1.0]}),
            ScenarioStep("update", {**UP, "triggers": [2]}, state={"status": "running", "triggers": [2]}),
            ScenarioStep("update", {**UP, "env": {"A": "1"}, "cwd": "."}, state={"env": {"A": "1"}}),
            update_step({**UP, "env": {"A": "1"}, "cwd": ".", "stop": {"signal": "SIGKILL"}}),
            no_change_step({**UP, "env": {"A": "1"}, "cwd": ".", "stop": {"signal": "SIGKILL", "graceSeconds": 10}}),
            replace_step({**UP, "sandboxId": "$another"}, state={"status": "running"}),
        ),
        state={"status": "running"},
    ),
)

DIGEST_OF_ONE = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
"""The digest of `one`."""
WRITE_ONLY_PROPERTIES = ("content", "contentBase64", "source", "steps")
"""The properties that are stored only as a digest in the state of a dynamic resource."""
FILES = (
    ScenarioCase(
        "a file is updated in place and replaced if its path or sandbox changes",
        "File",
        {**SOURCE, "path": "a/x", "content": "one", "mode": "0644"},
        (
            no_change_step({**SOURCE, "path": "a/x", "contentBase64": "b25l", "mode": "0644"}),
            no_change_step({**SOURCE, "path": "a/x", "content": "one"}),
            ScenarioStep("update", {**SOURCE, "path": "a/x", "content": "other"}, state={"sizeBytes": 5}),
            update_step(
                {**SOURCE, "path": "a/x", "content": "other", "mode": "0600"}, EXEC, STAT, state={"mode": "0600"}
            ),
            ScenarioStep(
                "update", {**SOURCE, "path": "a/x", "content": "one", "mode": "0600"}, state={"sha256": DIGEST_OF_ONE}
            ),
            replace_step({**SOURCE, "path": "y", "content": "one"}),
            replace_step({"sandboxId": "$another", "path": "y", "sourcePath": __file__}),
        ),
        state={"sha256": DIGEST_OF_ONE, "writtenSha256": DIGEST_OF_ONE, "mode": "0644"},
    ),
)

HERE = str(Path(__file__).parent)


def text_archive(**files: str) -> dict[str, Any]:
    """Return an archive of texts as an input."""
    return {"source": Archive(assets={name: Asset(text=text) for name, text in files.items()})}


DIRECTORIES = (
    ScenarioCase(
        "a directory is updated file by file and replaced if its path or sandbox changes",
        "Directory",
        {**SOURCE, "path": "a", **text_archive(x="one", y="2")},
        (
            no_change_step({**SOURCE, "path": "a", **text_archive(y="2", x="one")}),
            no_change_step({**SOURCE, "path": "a", **text_archive(y="2", x="one", z="3"), "exclude": ["z"]}),
            ScenarioStep("update", {**SOURCE, "path": "a", **text_archive(x="one", y="3")}, state={"driftedFiles": {}}),
            replace_step({**SOURCE, "path": "b", "sourcePath": HERE, "exclude": ["__pycache__"]}),
            replace_step(
                {"sandboxId": "$another", "path": ".", **text_archive(x="one")}, state={"files": {"x": DIGEST_OF_ONE}}
            ),
        ),
        state={"createdFolders": ["a"], "driftedFiles": {}},
    ),
    ScenarioCase(
        "the content of a file can be an asset",
        "File",
        {**SOURCE, "path": "x", "source": Asset(text="one")},
        (
            no_change_step({**SOURCE, "path": "x", "content": "one"}),
            ScenarioStep("update", {**SOURCE, "path": "x", "source": Asset(path=__file__)}),
        ),
        state={"sha256": DIGEST_OF_ONE},
    ),
)

IMAGES = (
    ScenarioCase(
        "a golden image is rebuilt in place only if its recipe changes",
        "GoldenImage",
        {"steps": [{"path": "x", "content": "one"}, {"run": ["true"], "timeoutSeconds": 9}]},
        (
            no_change_step({"steps": [{"path": "x", "contentBase64": "b25l"}, {"run": ["true"]}]}),
            no_change_step(
                {"steps": [{"path": "x", "source": Asset(text="one")}, {"run": ["true"]}], "historyLimit": 1}
            ),
            ScenarioStep("update", {"steps": [{"path": "x", **text_archive(y="one")}], "cpu": 1}, state={"cpu": 1}),
            no_change_step({"steps": [{"path": "x", **text_archive(y="one")}], "cpu": 1}),
            ScenarioStep(
                "update",
                {"steps": [{"path": "x", **text_archive(y="two")}], "env": {"A": "1"}, "historyLimit": 0},
                state={"historyLimit": 0},
            ),
            update_step({"steps": [{"path": "x", **text_archive(y="two")}], "env": {"A": "2"}, "historyLimit": 0}),
            replace_step({"name": "another", "steps": [{"run": ["true"]}]}),
        ),
    ),
)

SANDBOX_CHILD_CASES: tuple[ScenarioCase, ...] = (*COMMANDS, *PROCESSES, *FILES, *DIRECTORIES, *IMAGES)
