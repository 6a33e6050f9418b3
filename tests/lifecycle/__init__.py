"""One table of lives of resources, lived through both faces against the emulator."""
