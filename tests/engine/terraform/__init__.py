"""Configurations of Terraform and OpenTofu, with both engines, against the emulator."""
