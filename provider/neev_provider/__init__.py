"""The provider of NeevAI sandboxes: resources, functions, and the adapters that serve them to an engine."""
