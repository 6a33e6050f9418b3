"""Pools of sandboxes."""
