"""Components: combinations of resources, with the classes of either package."""

from pulumi_neev.components.branch import BranchEnvironment as BranchEnvironment
from pulumi_neev.components.resource_types import ResourceTypes as ResourceTypes
