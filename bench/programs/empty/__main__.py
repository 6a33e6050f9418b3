"""Nothing: what an update takes that has nothing to do."""
