"""The native plugin: Pulumi's provider protocol over gRPC."""
