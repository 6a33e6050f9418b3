"""Existing resources, for `pulumi do … list`."""

from __future__ import annotations

from collections.abc import AsyncIterator

from pulumi.runtime.proto import provider_pb2

from neev_provider.adapters.pulumi.marshal import unmarshal
from neev_provider.client import Api
from neev_provider.core.errors import InputError
from neev_provider.core.lifecycle import AnyResource
from neev_provider.core.model import UNKNOWN
from neev_provider.core.validation import parse, validate
from neev_provider.functions import find_list_function


async def list_resources(
    api: Api, resource: AnyResource, request: provider_pb2.ListRequest
) -> AsyncIterator[provider_pb2.ListResponse]:
    """Yield the objects that match the query, or a page of them and where the next begins."""
    function = find_list_function(resource.name)
    if function is None:
        raise InputError("token", f"{resource.name} cannot be listed")
    (listed,) = function.result.properties.values()
    query = unmarshal(request.query).values
    if UNKNOWN in query.values():
        yield provider_pb2.ListResponse(computed=provider_pb2.ListResponse.Computed())
        return
    for failure in validate(function.arguments, query):
        raise InputError(failure.path, failure.reason)
    objects = getattr(await function.call(api, parse(function.arguments, query)), listed.field)
    begin = _parse_continuation_token(request.continuation_token)
    end = min(begin + (request.page_size if request.page_size > 0 else len(objects)), len(objects))
    if request.limit > 0:
        end = min(end, begin + request.limit)
    for item in objects[begin:end]:
        yield provider_pb2.ListResponse(result=provider_pb2.ListResponse.Result(id=item.id, name=item.name or ""))
    if end < len(objects):
        continuation = provider_pb2.ListResponse.Continuation(continuation_token=str(end))
        yield provider_pb2.ListResponse(continuation=continuation)


def _parse_continuation_token(token: str) -> int:
    if token and not (token.isascii() and token.isdigit()):
        raise InputError("continuation_token", "is none that this provider gave")
    return int(token or 0)
