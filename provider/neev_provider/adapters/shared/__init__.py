"""The parts of all adapters, without any engine's protocol."""
