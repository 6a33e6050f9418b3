"""Faults, and how they are injected."""
