"""Files and directories of a sandbox."""
