"""JSON responses, serialized by pydantic: several times as fast as the standard library."""

from typing import Any

from pydantic_core import to_json
from starlette import responses


class JSONResponse(responses.JSONResponse):
    """A JSON response."""

    def render(self, content: Any) -> bytes:
        """Return the content as bytes."""
        return to_json(content)
