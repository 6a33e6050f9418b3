"""Polling: one poller for all waits."""
