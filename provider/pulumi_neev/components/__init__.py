"""Components: resources put together as a program would, with the classes of either package."""

from pulumi_neev.components.branch import BranchEnvironment as BranchEnvironment
from pulumi_neev.components.resource_types import ResourceTypes as ResourceTypes
