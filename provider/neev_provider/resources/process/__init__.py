"""Processes that are kept running in sandboxes."""
