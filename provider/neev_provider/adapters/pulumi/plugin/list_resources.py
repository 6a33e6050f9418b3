"""The things that are there already, for ``pulumi do … list``: found by the data functions."""

from __future__ import annotations

from collections.abc import AsyncIterator

from pulumi.runtime.proto import provider_pb2

from neev_provider.adapters.pulumi.marshal import unmarshal
from neev_provider.adapters.shared.listable import LISTABLE
from neev_provider.client import Api
from neev_provider.core.errors import InputError
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.model import UNKNOWN
from neev_provider.core.validation import parse, validate


async def list_resources(
    api: Api, resource: AnyResource, request: provider_pb2.ListRequest
) -> AsyncIterator[provider_pb2.ListResponse]:
    """Every thing that the query finds, or a page of them and where the next begins."""
    if resource.name not in LISTABLE:
        raise InputError("token", f"{resource.name} cannot be listed")
    function, held = LISTABLE[resource.name]
    query = unmarshal(request.query).values
    if UNKNOWN in query.values():
        yield provider_pb2.ListResponse(computed=provider_pb2.ListResponse.Computed())
        return
    for failure in validate(function.arguments, query):
        raise InputError(failure.path, failure.reason)
    found = getattr(await function.call(api, parse(function.arguments, query)), held)
    begin = _parse_continuation_token(request.continuation_token)
    end = min(begin + (request.page_size if request.page_size > 0 else len(found)), len(found))
    if request.limit > 0:
        end = min(end, begin + request.limit)
    for each in found[begin:end]:
        yield provider_pb2.ListResponse(result=provider_pb2.ListResponse.Result(id=each.id, name=each.name or ""))
    if end < len(found):
        more = provider_pb2.ListResponse.Continuation(continuation_token=str(end))
        yield provider_pb2.ListResponse(continuation=more)


def _parse_continuation_token(token: str) -> int:
    if token and not (token.isascii() and token.isdigit()):
        raise InputError("continuation_token", "is none that this provider gave")
    return int(token or 0)
