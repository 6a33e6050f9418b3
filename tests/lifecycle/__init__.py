"""One table of resource lifecycles, run through both adapters against the emulator."""
