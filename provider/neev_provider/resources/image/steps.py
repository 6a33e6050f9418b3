"""Steps of a recipe and their digests, which identify an unchanged recipe."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, ClassVar, Final

from pydantic import Field

from neev_provider.core.assets import Archive
from neev_provider.core.errors import InputError
from neev_provider.core.model import Integer, Model, Rule
from neev_provider.core.redaction import redact
from neev_provider.core.validation import (
    ValidationFailure,
    WarningHandler,
    also_requires,
    exactly_one_of,
    user_properties,
)
from neev_provider.resources.file.content import (
    AT_MOST_ONE_CONTENT,
    Base64,
    LocalAssetOrArchive,
    Mode,
    content_inputs,
    planned_digest,
    validate_readable,
)
from neev_provider.resources.file.exclude_patterns import Pattern
from neev_provider.resources.file.source_tree import SourceTree, is_folder, tree_digest, validate_tree
from neev_provider.resources.workspace_paths import FolderPath

DIGEST_LENGTH: Final = 12
"""Number of hexadecimal digits of a recipe's digest. It leaves enough characters of a sandbox's name."""
MAX_TITLE_LENGTH: Final = 60
"""Maximum length of a step's title."""
_RUN_FIELDS = ("cwd", "timeout_seconds")
_PATH_FIELDS = ("content", "content_base64", "source", "source_path", "exclude", "mode")


class BuildStep(Model):
    """One step of a recipe: a command to run, or a file or folder to write."""

    rules: ClassVar[tuple[Rule, ...]] = (
        exactly_one_of("run", "path"),
        AT_MOST_ONE_CONTENT,
        *(also_requires(field, "run") for field in _RUN_FIELDS),
        *(also_requires(field, "path") for field in _PATH_FIELDS),
    )

    run: Annotated[list[str] | None, Field(min_length=1)] = None
    """Program and arguments to run. For shell syntax, use `["sh", "-c", "…"]`. Conflicts with `path`."""
    cwd: str | None = None
    """Working directory of the command, relative to the workspace. Defaults to the workspace. Requires `run`."""
    timeout_seconds: Annotated[Integer | None, Field(ge=1, le=3600)] = None
    """Timeout of the command, in seconds. Allowed: `1` to `3600`. If it is exceeded, the build fails.

    Defaults to the timeout of the operation.
    """
    path: FolderPath | None = None
    """Path of the file or folder to write, in the workspace. Conflicts with `run`."""
    content: str | None = None
    """File content as UTF-8 text. Requires `path`."""
    content_base64: Base64 | None = None
    """File content in Base64. Requires `path`."""
    source: LocalAssetOrArchive | None = None
    """Content as an asset, or contents of a folder as an archive. Requires `path`."""
    source_path: str | None = None
    """Path of a file or folder on the machine where the provider runs. Requires `path`."""
    exclude: list[Pattern] | None = None
    """Patterns of files and folders to exclude, as for `Directory`."""
    mode: Mode | None = None
    """Permissions of the file as four octal digits, such as `0755`. Defaults to a value that the sandbox chooses."""

    @property
    def title(self) -> str:
        """Return a short title of the step, with secrets redacted."""
        text = " ".join(redact(" ".join(self.run or [self.path or ""])).split())
        return text if len(text) <= MAX_TITLE_LENGTH else f"{text[: MAX_TITLE_LENGTH - 1]}…"

    @property
    def tree(self) -> SourceTree | None:
        """Return the tree that the step writes, or ``None`` if it writes a file or nothing."""
        exclude = self.exclude or ()
        if isinstance(self.source, Archive):
            return SourceTree(self.source, "source", exclude)
        if self.source_path is not None and is_folder(Path(self.source_path)):
            return SourceTree(Path(self.source_path), "sourcePath", exclude)
        return None


def validate_steps(steps: object, warn: WarningHandler) -> Iterator[ValidationFailure]:
    """Yield the failures of the steps' local files, by path. Skip unknown steps."""
    for number, raw_step in enumerate(steps if isinstance(steps, list) else ()):
        try:
            step = BuildStep.model_validate(user_properties(raw_step))
        except (AttributeError, ValueError):
            continue  # the step is unknown, or invalid, which the validation reports
        if isinstance(step.source, Archive) and not step.source.has_content:
            continue
        tree = step.tree
        path = f"steps[{number}]"
        warnings: list[str] = []
        failures = validate_tree(tree, warnings.append) if tree else validate_readable(content_inputs(step))
        yield from (ValidationFailure(f"{path}.{failure.path}", failure.reason) for failure in failures)
        for text in warnings:
            warn(f"{path}.{text}")


def compute_step_digest(step: BuildStep) -> str:
    """Return the digest of the step. It does not depend on the kind of source.

    Raises:
        InputError: the content cannot be read.
    """
    if step.run is not None:
        return _hash_parts(["run", step.run, step.cwd])
    tree = step.tree
    if tree is not None:
        with ExitStack() as stack:
            files = tree.files(stack)
            return _hash_parts(["folder", step.path, tree_digest({path: file.digest for path, file in files.items()})])
    content = planned_digest(content_inputs(step))
    if content is None:
        place = step.source_path or getattr(step.source, "path", None)
        raise InputError("source" if step.source else "sourcePath", f"{place} cannot be read")
    return _hash_parts(["file", step.path, content, step.mode])


def compute_step_digests(
    steps: Sequence[BuildStep], old_steps: Sequence[BuildStep] = (), old_digests: Sequence[str] = ()
) -> list[str]:
    """Return the digests of the steps. Reuse the old digest of an unchanged step without local content.

    Raises:
        InputError: the content of a step cannot be read.
    """
    old_pairs = list(zip(old_steps, old_digests, strict=False))
    digests = []
    for number, step in enumerate(steps):
        has_content = not isinstance(step.source, Archive) or step.source.has_content
        is_unchanged = number < len(old_pairs) and old_pairs[number][0] == step
        digests.append(old_pairs[number][1] if not has_content and is_unchanged else compute_step_digest(step))
    return digests


def _hash_parts(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
