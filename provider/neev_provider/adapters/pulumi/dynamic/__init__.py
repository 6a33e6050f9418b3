"""Dynamic resources: Pulumi's host of Python providers."""
