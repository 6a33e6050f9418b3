"""Tests of the archives and packages that `make dist` builds; `make dist` runs them."""
