"""The Python package that contains this code."""

from typing import Final

DISTRIBUTION: Final = "pulumi-neev"
"""Its name."""
VERSION: Final = "0.1.0"
"""Its version, which takes longer to read from the package's metadata than an engine should wait."""
