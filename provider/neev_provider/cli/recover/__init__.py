"""The command `recover`."""
