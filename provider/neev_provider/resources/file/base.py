"""Base classes of files and directories in a sandbox."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, TypeVar

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.runtime import SandboxSession
from neev_provider.core.content_resource import ContentResource
from neev_provider.core.labels import Owner
from neev_provider.core.markers import Canonical, Replace
from neev_provider.core.model import Inputs
from neev_provider.core.resource import Observation, OperationContext, OutputsT
from neev_provider.resources.lookups import REFRESH_BATCH_DELAY, none_if_not_found
from neev_provider.resources.references import require_sandbox
from neev_provider.resources.sandbox.base import is_ready
from neev_provider.resources.session import keep_if_paused, open_session, parse_path_id, sandbox_exists
from neev_provider.resources.workspace_paths import canonicalize_path


class SandboxFileInputs(Inputs):
    """Where something is in a sandbox."""

    unique_together: ClassVar[tuple[str, ...]] = ("sandbox_id", "path")

    sandbox_id: Annotated[str, Replace()]
    """The sandbox it is in."""
    path: Annotated[str, Replace(), Canonical(canonicalize_path)]
    """Its path below the workspace."""


SandboxFileInputsT = TypeVar("SandboxFileInputsT", bound=SandboxFileInputs)


class SandboxFileResource(ContentResource[Api, SandboxFileInputsT, OutputsT]):
    """A file or a tree of files, identified by its sandbox and its path and compared by digests."""

    references = MappingProxyType({"sandbox_id": require_sandbox})
    parent = "sandboxId"
    digest_output = "sha256"
    subject: ClassVar[str]
    """Noun phrase for error messages, such as `a file`."""
    written_output: ClassVar[str]
    """Output that is set if something was written. Without it, a deletion removes nothing."""

    @abstractmethod
    async def observe(
        self, session: SandboxSession, id: str, path: str, state: Mapping[str, Any]
    ) -> Observation[OutputsT] | None:
        """Return the current observation, or ``None`` if the path is gone. Do not read unchanged files again."""

    @abstractmethod
    def observe_state(self, id: str, state: Mapping[str, Any]) -> Observation[OutputsT]:
        """Return the observation that the state describes."""

    async def observe_import(self, session: SandboxSession, id: str, path: str) -> Observation[OutputsT] | None:
        """Return an observation without a state, or ``None`` if the path does not exist."""
        return await self.observe(session, id, path, {})

    @abstractmethod
    async def find_written(
        self, session: SandboxSession, id: str, inputs: SandboxFileInputsT
    ) -> Observation[OutputsT] | None:
        """Return the observation if an interrupted create wrote everything, otherwise ``None``."""

    @abstractmethod
    async def remove(self, session: SandboxSession, id: str, path: str, context: OperationContext) -> None:
        """Delete what this resource wrote, except files that another process wrote since."""

    @override
    async def create(self, inputs: SandboxFileInputsT, context: OperationContext) -> Observation[OutputsT]:
        return self.observe_id(f"{inputs.sandbox_id}/{inputs.path}")

    @override
    async def read(self, id: str, inputs: SandboxFileInputsT | None) -> Observation[OutputsT] | None:
        sandbox_id, path = parse_path_id(id, self.subject)
        sandbox = await none_if_not_found(self.api.sandboxes.get(sandbox_id))
        if sandbox is None:
            return None
        observation = await self.observe_import(self.api.runtime.session(sandbox), id, path)
        if observation is None:
            return None
        return replace(observation, inputs={**observation.inputs, "sandboxId": sandbox_id, "path": path})

    @override
    async def refresh(
        self, id: str, inputs: SandboxFileInputsT, state: Mapping[str, Any]
    ) -> Observation[OutputsT] | None:
        sandbox = await self.api.sandboxes.observe_recent(inputs.sandbox_id, REFRESH_BATCH_DELAY)
        if sandbox is None:
            return None
        recorded = self.observe_state(id, state)
        if not is_ready(sandbox):
            return recorded  # files of a paused sandbox do not change
        session = self.api.runtime.session(sandbox)
        return await keep_if_paused(self.observe(session, id, inputs.path, state), recorded)

    @override
    async def find_created(
        self, inputs: SandboxFileInputsT, owner: Owner | None = None
    ) -> Observation[OutputsT] | None:
        sandbox = await none_if_not_found(self.api.sandboxes.get(inputs.sandbox_id))
        if sandbox is None or not is_ready(sandbox):
            return None
        id = f"{inputs.sandbox_id}/{inputs.path}"
        return await self.find_written(self.api.runtime.session(sandbox), id, inputs)

    @override
    async def delete(self, id: str, context: OperationContext) -> None:
        sandbox_id, path = parse_path_id(id, self.subject)
        if not context.state.get(self.written_output) or not await sandbox_exists(self.api, sandbox_id):
            return
        async with open_session(self.api, sandbox_id, context) as session:
            await self.remove(session, id, path, context)
