"""The commands `pulumi-neev plugin`: the native plugin in Pulumi's own directory."""
