"""The components: resources put together as a user would, over either face."""

from pulumi_neev.components.branch import BranchEnvironment
from pulumi_neev.components.resource_types import ResourceTypes

__all__ = ["BranchEnvironment", "ResourceTypes"]
