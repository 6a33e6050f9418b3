"""The real engine, driven through its command line."""
