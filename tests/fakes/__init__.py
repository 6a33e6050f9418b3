"""Fakes of the clock, the transport, the API and the engines."""
