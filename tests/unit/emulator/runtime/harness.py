"""What the tests of the runtime stand on: a clock, and its endpoints as an application."""

from starlette.applications import Starlette
from starlette.requests import Request

from pulumi_neev.emulator.runtime import Computer, routes


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.seconds = 1_700_000_000.0

    def __call__(self) -> float:
        return self.seconds


def application(computer: Computer) -> Starlette:
    async def lookup(_: Request) -> Computer:
        return computer

    return Starlette(routes=routes(lookup))
