"""Seeded stories of updates, refreshes and destroys in which something is killed at a random moment."""
