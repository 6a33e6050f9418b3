"""Faults: what is injected, and when."""
