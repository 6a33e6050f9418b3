"""Pulumi resources for NeevAI sandboxes."""
