"""Resources with content, such as files, that is compared by digests instead of by the inputs that define it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from typing_extensions import override

from neev_provider.core.diff import Change, ChangeKind, Diff
from neev_provider.core.resource import ApiT, InputsT, Observation, OutputsT, Resource


class ContentResource(Resource[ApiT, InputsT, OutputsT]):
    """A resource whose content is in local files or large inputs; the state contains only its digests.

    If the digests are equal, another way to define the content is no change. Names are in camelCase.
    """

    is_slow = True
    content_inputs: ClassVar[tuple[str, ...]]
    """The inputs that define the content."""
    unstored_inputs: ClassVar[tuple[str, ...]]
    """The inputs that are content themselves. The state does not contain them."""
    digest_output: ClassVar[str]
    """The output with the digest of the whole content; absent from the state until there is content."""
    digested_outputs: ClassVar[tuple[str, ...]] = ()
    """The outputs that stay the same as long as the digest does."""

    @abstractmethod
    def planned_digests(
        self, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]
    ) -> Mapping[str, str] | None:
        """Return the digests of the content to come, by property path: of ``digest_output``, of inputs and of parts.

        Return ``None`` if content is unknown or cannot be read, and nothing if only the inputs can be compared.
        """

    @abstractmethod
    def stored_digests(self, state: Mapping[str, Any], planned: Mapping[str, str]) -> Mapping[str, str]:
        """Return the digests of the content in the state, by property path, to compare with the planned ones."""

    @override
    def diff(self, old_inputs: Mapping[str, Any], state: Mapping[str, Any], new_inputs: Mapping[str, Any]) -> Diff:
        changed = super().diff(old_inputs, state, new_inputs)
        if state.get(self.digest_output) is None:
            return changed
        planned = self.planned_digests(old_inputs, state, new_inputs)
        if planned is None:
            unknown = Change(self.digest_output, ChangeKind.UPDATE, requires_replacement=False)
            return replace(changed, changes=(*changed.changes, unknown))
        if not planned:
            return changed
        changes = _diff_digests(self.stored_digests(state, planned), planned)
        replaced = {change.property_name for change in changes} or self.content_inputs
        others = (change for change in changed.changes if change.property_name not in replaced)
        return replace(changed, changes=(*others, *changes))

    def planned_outputs(self, state: Mapping[str, Any], raw_inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the outputs that are known before the change: the digest."""
        digest = (self.planned_digests({}, state, raw_inputs) or {}).get(self.digest_output)
        return {self.digest_output: digest} if digest else {}

    @override
    def preview_create(self, raw_inputs: Mapping[str, Any]) -> dict[str, Any]:
        return self._without_content({**super().preview_create(raw_inputs), **self.planned_outputs({}, raw_inputs)})

    @override
    def preview_update(self, state: Mapping[str, Any], raw_inputs: Mapping[str, Any]) -> dict[str, Any]:
        planned = self.planned_outputs(state, raw_inputs)
        if planned and planned.items() <= state.items():
            planned |= {name: state[name] for name in self.digested_outputs if name in state}
        return self._without_content({**super().preview_update(state, raw_inputs), **planned})

    @override
    def build_state(self, raw_inputs: Mapping[str, Any], observation: Observation[OutputsT]) -> dict[str, Any]:
        return self._without_content(super().build_state(raw_inputs, observation))

    def _without_content(self, state: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in state.items() if name not in self.unstored_inputs}


def _diff_digests(stored: Mapping[str, str], planned: Mapping[str, str]) -> list[Change]:
    kinds = {
        path: ChangeKind.ADD if path not in stored else ChangeKind.UPDATE
        for path, digest in planned.items()
        if stored.get(path) != digest
    }
    kinds |= {path: ChangeKind.DELETE for path in stored if path not in planned}
    return [Change(path, kind, requires_replacement=False) for path, kind in kinds.items()]
