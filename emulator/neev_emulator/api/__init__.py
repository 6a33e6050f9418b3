"""The HTTP API: parse the request, call the state, serialize the response."""
