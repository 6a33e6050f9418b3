"""The state of one emulator."""
