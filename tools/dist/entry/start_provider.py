"""The program of the bundle `terraform-provider-neev`."""

from neev_provider.adapters.terraform.server import main

main()
