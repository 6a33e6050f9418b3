"""Every API call of a program's resources with every fault: the error message, and the objects afterwards."""
