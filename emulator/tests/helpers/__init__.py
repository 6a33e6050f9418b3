"""Helpers of the emulator's tests."""
