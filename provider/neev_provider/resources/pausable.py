"""Operations that sandboxes and agents have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Final, Generic, TypeVar

from typing_extensions import override

from neev_provider.client import Api
from neev_provider.client.collection import NamedCollection, NamedObject
from neev_provider.core.errors import InvalidRequest, NotFound
from neev_provider.core.markers import Update
from neev_provider.core.model import Boolean, Inputs
from neev_provider.core.resource import OperationContext, OutputsT, Resource
from neev_provider.core.wait import Done, InProgress, WaitStatus, wait_until
from neev_provider.resources.egress import EgressInputs
from neev_provider.resources.references import require_snapshot

READY: Final = "Ready"
PAUSED: Final = "Paused"
PAUSING: Final = "Pausing"
STABLE_PHASES: Final = (READY, PAUSED)


POWER_INPUTS: Final = ("paused", "resumeIdlePaused", "rollbackToSnapshotId")
"""Inputs (camelCase) whose changes may pause, resume or restart the object."""


class PausableInputs(EgressInputs):
    """Inputs of an object that can be paused."""

    paused: Annotated[Boolean | None, Update()] = None
    """Whether the object is paused."""


class RollbackInputs(Inputs):
    """Inputs of an object that can be rolled back."""

    rollback_to_snapshot_id: Annotated[str | None, Update()] = None
    """Id of a snapshot to roll back to. Changing it restores the snapshot's files and discards later changes.

    Id, name and URLs stay. If it is set when the resource is created, no rollback happens.
    """


PausableInputsT = TypeVar("PausableInputsT", bound=PausableInputs)
ItemT = TypeVar("ItemT", bound=NamedObject)


class PausableResource(Resource[Api, PausableInputsT, OutputsT], Generic[ItemT, PausableInputsT, OutputsT]):
    """A resource whose objects can be paused and resumed."""

    @property
    @abstractmethod
    def collection(self) -> NamedCollection[ItemT]:
        """Return the API's collection of these objects."""

    @abstractmethod
    def classify_phase(self, item: ItemT, target_phases: tuple[str, ...]) -> WaitStatus:
        """Return whether the object is in one of the target phases; ``None`` is an object that is gone."""

    @abstractmethod
    def is_paused(self, item: ItemT) -> bool:
        """Return whether the object is paused or pausing."""

    @abstractmethod
    async def is_left_paused(self, item: ItemT, inputs: PausableInputsT) -> bool:
        """Return whether the API paused the idle object and the program accepts that."""

    @override
    async def find_id_by_name(self, name: str) -> str | None:
        item = await self.collection.find(name)
        return item.id if item else None

    @override
    async def delete(self, id: str, context: OperationContext) -> None:
        await self.collection.delete(id)
        await wait_until(
            lambda max_delay: self.collection.observe_gone(id, max_delay),
            lambda is_gone: Done() if is_gone else InProgress("Deleting"),
            deadline=context.deadline,
            action="waiting until it is gone",
        )

    async def wait_for_phase(
        self, id: str, context: OperationContext, *, target_phases: tuple[str, ...] = STABLE_PHASES
    ) -> ItemT:
        """Wait until the object is in one of the target phases, and return it."""
        return await wait_until(
            lambda max_delay: self.collection.observe(id, max_delay),
            lambda observed: self.classify_phase(observed, target_phases),
            deadline=context.deadline,
            action=f"waiting until it is {' or '.join(target_phases)}",
        )

    async def apply_rollback(self, id: str, inputs: RollbackInputs, old_inputs: RollbackInputs) -> None:
        """Request a rollback if the inputs name another snapshot than before."""
        snapshot_id = inputs.rollback_to_snapshot_id
        if snapshot_id in (None, old_inputs.rollback_to_snapshot_id):
            return
        try:
            await self.collection.rollback(id, snapshot_id)
        except (InvalidRequest, NotFound):
            await require_snapshot(self.api, "rollbackToSnapshotId", snapshot_id)
            raise

    async def apply_power(
        self, item: ItemT, inputs: PausableInputsT, context: OperationContext, old_inputs: PausableInputsT | None
    ) -> ItemT:
        """Pause or resume the object according to the inputs, and return the updated object."""
        if inputs.paused is None or self.is_paused(item) == inputs.paused:
            return item
        if inputs.paused:
            await self.collection.pause(item.id)
            return await self.wait_for_phase(item.id, context, target_phases=(PAUSED,))
        is_unchanged = old_inputs is not None and old_inputs.paused is inputs.paused
        if is_unchanged and await self.is_left_paused(item, inputs):
            return item
        await self.collection.resume(item.id)
        return await self.wait_for_phase(item.id, context, target_phases=(READY,))
