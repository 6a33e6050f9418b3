"""The resource model: declarations, validation, diffs and waits. It depends on no engine and on no HTTP."""
