"""A check that the emulator and the provider cover the vendor's API: `make contract`."""
