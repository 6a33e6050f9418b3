"""The steps of a release that are more than a command: docs/internals/release.md."""
