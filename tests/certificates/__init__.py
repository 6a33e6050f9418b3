"""Tests with one more certificate authority in the store of the system."""
