"""Tests with the real engine, through its command line."""
