"""`python -m neev_emulator`: the same as `neev-emulator`."""

from neev_emulator.cli import main

main()
