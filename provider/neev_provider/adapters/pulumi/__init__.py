"""The adapters for Pulumi: the native plugin and the dynamic resources of Python."""
