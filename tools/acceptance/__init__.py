"""`make acceptance`: play the story of every resource on the real service, and compare it with the emulator."""
