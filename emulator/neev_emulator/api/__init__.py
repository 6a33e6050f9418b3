"""The Agent Service as HTTP: unpack the request, ask the state, pack the answer."""
