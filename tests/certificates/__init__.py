"""Tests on a machine whose store of certificate authorities knows one more."""
