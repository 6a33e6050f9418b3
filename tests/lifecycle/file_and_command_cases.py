"""The rest of the table: what lives inside sandboxes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.lifecycle.cases import Case, Step, none, replace, update

from neev_provider.core.assets import Archive, Asset

EXEC = "POST /v1/exec"
STAT = "POST /v1/files/stat"
SOURCE = {"sandboxId": "$source"}
OUTLIVES_ITSELF = ("Command",)
"""What nobody can be asked for: as long as its sandbox is there, so is it."""

COMMANDS = (
    Case(
        "a command without an update runs anew for every change of what it is",
        "Command",
        {**SOURCE, "create": ["echo", "one"], "triggers": [1]},
        (
            none({**SOURCE, "create": ["echo", "one"], "triggers": [1.0]}),
            replace({**SOURCE, "create": ["echo", "two"], "triggers": [1]}, state={"stdout": "two\n", "exitCode": 0}),
            replace({**SOURCE, "create": ["echo", "two"], "triggers": [2]}),
            replace({**SOURCE, "create": ["cat"], "stdin": "in"}, state={"stdout": "in"}),
            replace({**SOURCE, "create": ["pwd"], "cwd": "."}),
            replace({**SOURCE, "create": ["pwd"], "cwd": ".", "env": {"A": "1"}}),
            replace({"sandboxId": "$another", "create": ["pwd"]}),
        ),
        state={"stdout": "one\n", "outcome": "succeeded"},
    ),
    Case(
        "a command with an update changes in place, and notes the rest without running",
        "Command",
        {**SOURCE, "create": ["echo", "one"], "update": ["echo", "changed"]},
        (
            update({**SOURCE, "create": ["echo", "2"], "update": ["echo", "3"]}, EXEC, state={"stdout": "3\n"}),
            update({**SOURCE, "create": ["echo", "2"], "update": ["echo", "4"]}, state={"stdout": "3\n"}),
            update(
                {**SOURCE, "create": ["echo", "2"], "update": ["env"], "env": {"A": "b"}, "delete": ["true"]},
                EXEC,
                state={"env": {"A": "b"}, "exitCode": 0},
            ),
            update({**SOURCE, "create": ["echo", "2"], "update": ["sh", "-c", "exit 3"], "allowFailure": True}, EXEC),
            update(
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
            update({**SOURCE, "create": ["x"], "secretOutput": True}, state={"exitCode": 3}),
        ),
    ),
)

ONE = "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
"""The digest of `one`."""
UNREAD = ("content", "contentBase64", "source", "steps")
"""What is known by its digest: a dynamic resource keeps no more of it."""
FILES = (
    Case(
        "a file is rewritten in place, and made anew at another path",
        "File",
        {**SOURCE, "path": "a/x", "content": "one", "mode": "0644"},
        (
            none({**SOURCE, "path": "a/x", "contentBase64": "b25l", "mode": "0644"}),
            none({**SOURCE, "path": "a/x", "content": "one"}),
            Step("update", {**SOURCE, "path": "a/x", "content": "other"}, state={"size": 5}),
            update({**SOURCE, "path": "a/x", "content": "other", "mode": "0600"}, EXEC, STAT, state={"mode": "0600"}),
            Step("update", {**SOURCE, "path": "a/x", "content": "one", "mode": "0600"}, state={"sha256": ONE}),
            replace({**SOURCE, "path": "y", "content": "one"}),
            replace({"sandboxId": "$another", "path": "y", "sourcePath": __file__}),
        ),
        state={"sha256": ONE, "writtenSha256": ONE, "mode": "0644"},
    ),
)

HERE = str(Path(__file__).parent)


def texts(**files: str) -> dict[str, Any]:
    """An archive of texts, as an input."""
    return {"source": Archive(assets={name: Asset(text=text) for name, text in files.items()})}


DIRECTORIES = (
    Case(
        "a directory is changed file by file, and made anew at another path",
        "Directory",
        {**SOURCE, "path": "a", **texts(x="one", y="2")},
        (
            none({**SOURCE, "path": "a", **texts(y="2", x="one")}),
            none({**SOURCE, "path": "a", **texts(y="2", x="one", z="3"), "exclude": ["z"]}),
            Step("update", {**SOURCE, "path": "a", **texts(x="one", y="3")}, state={"changed": {}}),
            replace({**SOURCE, "path": "b", "sourcePath": HERE, "exclude": ["__pycache__"]}),
            replace({"sandboxId": "$another", "path": ".", **texts(x="one")}, state={"files": {"x": ONE}}),
        ),
        state={"folders": ["a"], "changed": {}},
    ),
    Case(
        "a file takes an asset",
        "File",
        {**SOURCE, "path": "x", "source": Asset(text="one")},
        (
            none({**SOURCE, "path": "x", "content": "one"}),
            Step("update", {**SOURCE, "path": "x", "source": Asset(path=__file__)}),
        ),
        state={"sha256": ONE},
    ),
)

IMAGES = (
    Case(
        "a golden image is built anew in place for another recipe, and only then",
        "GoldenImage",
        {"steps": [{"path": "x", "content": "one"}, {"run": ["true"], "timeoutSeconds": 9}]},
        (
            none({"steps": [{"path": "x", "contentBase64": "b25l"}, {"run": ["true"]}]}),
            none({"steps": [{"path": "x", "source": Asset(text="one")}, {"run": ["true"]}], "keep": 1}),
            Step("update", {"steps": [{"path": "x", **texts(y="one")}], "cpu": 1}, state={"cpu": 1}),
            none({"steps": [{"path": "x", **texts(y="one")}], "cpu": 1}),
            Step(
                "update", {"steps": [{"path": "x", **texts(y="two")}], "env": {"A": "1"}, "keep": 0}, state={"keep": 0}
            ),
            update({"steps": [{"path": "x", **texts(y="two")}], "env": {"A": "2"}, "keep": 0}),
            replace({"name": "another", "steps": [{"run": ["true"]}]}),
        ),
    ),
)

INSIDE: tuple[Case, ...] = (*COMMANDS, *FILES, *DIRECTORIES, *IMAGES)
