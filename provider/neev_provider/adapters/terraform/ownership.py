"""The owner of a resource: the configuration and its workspace, because the engine says no address."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from neev_provider.core.labels import Owner

MANAGER: Final = "terraform-provider-neev"
"""The value of the label `managed-by`."""
DEFAULT_WORKSPACE: Final = "default"
DIGEST_LENGTH: Final = 8
"""Hexadecimal digits that tell two directories of the same name apart."""
LOCATION_SETTINGS: Final = (
    "address",
    "bucket",
    "container_name",
    "hostname",
    "key",
    "namespace",
    "organization",
    "path",
    "prefix",
    "schema_name",
    "secret_suffix",
    "storage_account_name",
    "workspaces",
)
"""The settings of backends that say where the state is: the same on every machine, and no credentials."""


def owner_of(resource_type: str, name: str, environ: Mapping[str, str], directory: Path) -> Owner:
    """Return the owner of a resource with the name in the configuration of the directory."""
    return owners_in(environ, directory)(resource_type, name)


def owners_in(environ: Mapping[str, str], directory: Path) -> Callable[[str, str], Owner]:
    """Return the function from a type and a name to the owner; its first call reads what names the configuration."""

    @cache
    def configuration() -> tuple[str, str]:
        return project_name(environ, directory), workspace_name(environ, directory)

    return lambda resource_type, name: Owner(MANAGER, *configuration(), f"{resource_type}.{name}")


def project_name(environ: Mapping[str, str], directory: Path) -> str:
    """Return a name of the configuration: its directory's, and a digest of where its state is."""
    stored = _read_text(_data_directory(environ, directory) / "terraform.tfstate")
    backend: Any = json.loads(stored or "{}").get("backend") or {}
    config = backend.get("config") or {}
    location = [backend.get("type"), *((name, config.get(name)) for name in LOCATION_SETTINGS)]
    identity = json.dumps(location if backend else ["local", str(directory)])
    return f"{directory.name}-{hashlib.sha256(identity.encode()).hexdigest()[:DIGEST_LENGTH]}"


def workspace_name(environ: Mapping[str, str], directory: Path) -> str:
    """Return the name of the workspace that the engine uses in the directory."""
    selected = environ.get("TF_WORKSPACE") or _read_text(_data_directory(environ, directory) / "environment")
    return selected.strip() or DEFAULT_WORKSPACE


def _data_directory(environ: Mapping[str, str], directory: Path) -> Path:
    return directory / (environ.get("TF_DATA_DIR") or ".terraform")


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError:
        return ""
