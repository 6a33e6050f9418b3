"""Every call that a program's resources cause, met by every fault: what the user sees, and what is there afterwards."""
