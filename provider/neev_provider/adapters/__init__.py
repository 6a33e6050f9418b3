"""How Pulumi reaches the resources: as dynamic resources of a Python program, or as a plugin for every language."""
