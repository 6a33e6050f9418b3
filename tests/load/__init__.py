"""Many sandboxes on an API with a rate limit and faults."""
