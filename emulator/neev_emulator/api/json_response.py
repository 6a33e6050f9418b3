"""JSON as it goes over the wire, written by what pydantic is made of: several times as fast as the standard library."""

from typing import Any

from pydantic_core import to_json
from starlette import responses


class JSONResponse(responses.JSONResponse):
    """An answer in JSON."""

    def render(self, content: Any) -> bytes:
        """The bytes of the content."""
        return to_json(content)
