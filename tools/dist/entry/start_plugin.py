"""The program of the bundle `pulumi-resource-neev`."""

from neev_provider.adapters.pulumi.plugin.server import main

main()
