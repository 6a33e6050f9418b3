"""Seeded stories of updates, refreshes and destroys in which a process is killed at a random moment."""
