"""What is published of one commit, built into `dist/` for the platform that this runs on: `make dist`."""
