"""Tests of what `make dist` has built, as users get it; `make dist` runs them."""
