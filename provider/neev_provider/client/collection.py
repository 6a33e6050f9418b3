"""Collections of the API: the requests that all kinds of objects have in common."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Mapping
from collections.abc import Collection as AnyCollection
from typing import TYPE_CHECKING, Any, Generic, TypeVar
from urllib.parse import quote

from neev_provider.client.http.idempotency import create_or_adopt, perform_or_confirm
from neev_provider.client.http.pagination import PAGE_SIZE, list_all
from neev_provider.client.models import ApiObject, Page, QueryValue, ignore_body
from neev_provider.client.polling.batch_reader import BatchReader
from neev_provider.client.polling.shared_poller import SharedPoller
from neev_provider.core.clock import Clock
from neev_provider.core.errors import NotFound

if TYPE_CHECKING:
    from neev_provider.client.http.transport import Transport


class CreatedObject(ApiObject):
    """An object that a request creates; times are texts as the API sends them."""

    org_id: str | None = None
    project_id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None


class NamedObject(CreatedObject):
    """An object that has a name of its own in its project."""

    name: str


ObjectT = TypeVar("ObjectT", bound=CreatedObject)
NamedT = TypeVar("NamedT", bound=NamedObject)


class Collection(Generic[ObjectT]):
    """The requests for one kind of object of a project."""

    noun: str
    """What an error calls an object."""
    path: str
    """The path of the collection below the project."""

    def __init__(
        self,
        transport: "Transport",
        *,
        clock: Clock,
        parse_object: Callable[[Any], ObjectT],
        parse_page: Callable[[Any], Page[ObjectT]],
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._parse_object = parse_object
        self._parse_page = parse_page
        self._root = f"{transport.project}/{self.path}"

    async def get(self, id: str) -> ObjectT:
        """Return the object."""
        return await self._send("GET", self._path(id))

    async def delete(self, id: str) -> None:
        """Delete the object; return when the API is deleting it or it is gone already."""
        try:
            await self._transport.request("DELETE", self._path(id), parse=ignore_body)
        except NotFound:
            return

    async def _create(
        self,
        path: str,
        body: Mapping[str, Any],
        list_candidates: Callable[[], Awaitable[Iterable[ObjectT]]],
        matches: Callable[[ObjectT], bool] = lambda _: True,
    ) -> ObjectT:
        """Return the object that one POST creates; if the outcome is unknown, the one that matches.

        Raises:
            OutcomeUnknown: no candidate matches. An object without a name cannot be looked up.
        """
        if "name" not in body:
            return await self._send("POST", path, body)
        return await create_or_adopt(
            lambda: self._send("POST", path, body),
            list_candidates,
            subject=f"the {self.noun} {body['name']}",
            clock=self._clock,
            server_clock=self._transport.server_clock,
            matches=matches,
        )

    async def _read_page(self, path: str, number: int, **filters: QueryValue) -> Page[ObjectT]:
        """Return one page of the list at the path."""
        params = {"page": number, "limit": PAGE_SIZE, **filters}
        return await self._transport.request("GET", path, parse=self._parse_page, params=params)

    async def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> ObjectT:
        """Return the object of a response."""
        json = None if body is None else dict(body)
        return await self._transport.request(method, path, parse=self._parse_object, json=json)

    def _path(self, id: str, *rest: str) -> str:
        """Return the path of an object, or of something below it."""
        return "/".join((self._root, quote(id, safe=""), *rest))


class NamedCollection(Collection[NamedT], ABC):
    """The requests for objects that are named, polled, paused and resumed."""

    pausing_phases: AnyCollection[str] = ("Pausing", "Paused")
    resuming_phases: AnyCollection[str] = ("Resuming", "Ready")

    def __init__(
        self,
        transport: "Transport",
        *,
        clock: Clock,
        parse_object: Callable[[Any], NamedT],
        parse_page: Callable[[Any], Page[NamedT]],
    ) -> None:
        super().__init__(transport, clock=clock, parse_object=parse_object, parse_page=parse_page)
        reader = BatchReader(read_one=self.get, read_page=lambda number: self._read_page(self._root, number))
        self._poller = SharedPoller(reader, clock=clock, has_sent_changes=lambda: transport.has_sent_changes)
        self.observe = self._poller.observe
        self.observe_recent = self._poller.observe_recent
        self.observe_gone = self._poller.observe_gone

    async def create(self, body: Mapping[str, Any]) -> NamedT:
        """Return the new object; if the outcome is unknown, the one that was created.

        Raises:
            OutcomeUnknown: the object was not found. An object without a name cannot be looked up.
        """
        return await self._create_named(self._root, body, matches=lambda item: self._matches_request(item, body))

    async def find(self, name: str) -> NamedT | None:
        """Return the object with exactly this name, or None."""
        try:
            item = await self.get(name)
        except NotFound:
            return None
        return item if item.name == name else None

    async def find_created(self, body: Mapping[str, Any]) -> NamedT | None:
        """Return the object that a create with this body can have created, or None."""
        item = await self.find(str(body["name"]))
        return item if item is not None and self._matches_request(item, body) else None

    async def patch(self, id: str, body: Mapping[str, Any]) -> NamedT:
        """Return the object with the fields of the body changed in place."""
        return await self._send("PATCH", self._path(id), body)

    async def pause(self, id: str) -> NamedT:
        """Return the object, which is being paused."""
        return await self._transition(id, "pause", target_phases=self.pausing_phases)

    async def resume(self, id: str) -> NamedT:
        """Return the object, which is being resumed."""
        return await self._transition(id, "resume", target_phases=self.resuming_phases)

    async def rollback(self, id: str, snapshot_id: str) -> NamedT:
        """Return the object, which is being rolled back to the snapshot.

        An unknown outcome stays an error: no field shows whether an object was rolled back.
        """
        return await self._send("POST", self._path(id, "rollback"), {"snapshot_id": snapshot_id})

    async def list(self) -> tuple[NamedT, ...]:
        """Return every object."""
        return await list_all(lambda number: self._read_page(self._root, number))

    async def aclose(self) -> None:
        """End every observation."""
        await self._poller.aclose()

    async def _create_named(
        self, path: str, body: Mapping[str, Any], *, matches: Callable[[NamedT], bool] = lambda _: True
    ) -> NamedT:
        """Return the object that one POST creates; an unknown outcome is resolved by its name."""

        async def list_candidates() -> Iterable[NamedT]:
            item = await self.find(str(body["name"]))
            return [] if item is None else [item]

        return await self._create(path, body, list_candidates, matches)

    async def _transition(self, id: str, verb: str, *, target_phases: AnyCollection[str]) -> NamedT:
        """Return the object after one POST; an unknown outcome is resolved by its phase."""

        async def find_in_transition() -> NamedT | None:
            item = await self.get(id)
            return item if self._phase(item) in target_phases else None

        return await perform_or_confirm(
            lambda: self._send("POST", self._path(id, verb), {}), find_in_transition, clock=self._clock
        )

    @abstractmethod
    def _phase(self, item: NamedT) -> str:
        """Return the phase of the object."""

    @abstractmethod
    def _matches_request(self, item: NamedT, body: Mapping[str, Any]) -> bool:
        """Return whether the object matches the body of a create, as far as the API reports its fields."""
