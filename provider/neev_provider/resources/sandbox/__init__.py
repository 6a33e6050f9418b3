"""Sandboxes and their forks."""
