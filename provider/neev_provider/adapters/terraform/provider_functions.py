"""The provider's own functions. They are pure, and the engine calls them before it configures the provider."""

# ruff: noqa: N802, ARG002  the names and arguments are the protocol's

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.calls import Calls
from neev_provider.adapters.terraform.values import decode, encode
from neev_provider.core.branch_names import convert_branch_name
from neev_provider.core.durations import parse_duration


@dataclass(frozen=True, slots=True)
class TextFunction:
    """A function of one text."""

    convert: Callable[[str], Any]
    """Return the result; raise ``ValueError`` if the text has none."""
    returns: str
    summary: str
    description: str
    parameter: str
    """The description of the parameter."""


TEXT_FUNCTIONS: Final = {
    "branch_name": TextFunction(
        convert_branch_name,
        returns="string",
        summary="Name of a sandbox for a branch",
        description=(
            "Returns the name of a branch as the name of a sandbox: a DNS label of at most 63 characters. A name that "
            "has to be converted ends with six characters of its digest, so that two branches never share a name."
        ),
        parameter="Name of the branch, such as `feature/login`.",
    ),
    "duration": TextFunction(
        parse_duration,
        returns="number",
        summary="Seconds of a duration",
        description=(
            "Returns the seconds of a duration of hours, minutes and seconds: `5400` for `1h30m`. Use it for arguments "
            "whose names end with `_seconds`."
        ),
        parameter="Duration, such as `90s`, `30m` or `1h30m`.",
    ),
}


class FunctionCalls(Calls):
    """The calls for the provider's own functions."""

    async def GetFunctions(self, request: pb.GetFunctions.Request) -> pb.GetFunctions.Response:
        """Return the signatures of the functions."""
        return pb.GetFunctions.Response(functions=function_signatures())

    async def CallFunction(self, request: pb.CallFunction.Request) -> pb.CallFunction.Response:
        """Return the result of the function, or what is wrong with its argument."""
        (text,) = map(decode, request.arguments)
        try:
            result = encode(TEXT_FUNCTIONS[request.name].convert(text))
        except ValueError as error:
            return pb.CallFunction.Response(error=pb.FunctionError(text=str(error), function_argument=0))
        return pb.CallFunction.Response(result=result)


def function_signatures() -> dict[str, pb.Function]:
    """Return the signatures of the functions, by name."""
    return {name: _signature(function) for name, function in TEXT_FUNCTIONS.items()}


def _signature(function: TextFunction) -> pb.Function:
    parameter = pb.Function.Parameter(
        name="text",
        type=json.dumps("string").encode(),
        description=function.parameter,
        description_kind=pb.MARKDOWN,
    )
    signature = pb.Function(
        parameters=[parameter],
        summary=function.summary,
        description=function.description,
        description_kind=pb.MARKDOWN,
    )
    getattr(signature, "return").type = json.dumps(function.returns).encode()
    return signature
