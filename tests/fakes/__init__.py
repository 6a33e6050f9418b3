"""Stand-ins for what the package reaches through a seam."""
