"""Golden images."""
