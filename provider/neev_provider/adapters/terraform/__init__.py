"""The adapter for Terraform and OpenTofu: a provider that speaks version 6 of their plugin protocol."""
