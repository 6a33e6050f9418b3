"""The resources; ``RESOURCES`` is the one list of them."""

from typing import Any

from pulumi_neev.core.resource import Resource
from pulumi_neev.resources.agent import Agent
from pulumi_neev.resources.command import Command
from pulumi_neev.resources.directory import Directory
from pulumi_neev.resources.file import File
from pulumi_neev.resources.fork import SandboxFork
from pulumi_neev.resources.image import GoldenImage
from pulumi_neev.resources.pool import SandboxPool
from pulumi_neev.resources.preview_port import PreviewPort
from pulumi_neev.resources.sandbox import Sandbox
from pulumi_neev.resources.snapshot import Snapshot

RESOURCES: tuple[Resource[Any, Any], ...] = (
    Sandbox(),
    SandboxFork(),
    SandboxPool(),
    Snapshot(),
    PreviewPort(),
    Agent(),
    Command(),
    File(),
    Directory(),
    GoldenImage(),
)
