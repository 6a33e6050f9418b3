"""Every API call of a program's resources with every fault: what the user sees, and what exists afterwards."""
