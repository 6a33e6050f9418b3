"""The adapters, which connect the resources to an engine."""
