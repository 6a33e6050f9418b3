"""The identity of a resource, by which an import block can name it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.attributes import ID
from neev_provider.adapters.terraform.values import decode, encode

PROJECT_ID: Final = "project_id"
_TEXT: Final = json.dumps("string").encode()
IDENTITY_SCHEMA: Final = pb.ResourceIdentitySchema(
    version=0,
    identity_attributes=[
        pb.ResourceIdentitySchema.IdentityAttribute(
            name=ID, type=_TEXT, required_for_import=True, description="Id or name of the resource."
        ),
        pb.ResourceIdentitySchema.IdentityAttribute(
            name=PROJECT_ID,
            type=_TEXT,
            optional_for_import=True,
            description="Id of the project. Defaults to the project of the provider.",
        ),
    ],
)


def identity_data(id: str, project_id: str | None) -> pb.ResourceIdentityData:
    """Return the identity of the resource with the id."""
    return pb.ResourceIdentityData(identity_data=encode({ID: id, PROJECT_ID: project_id}))


def read_identity(message: pb.ResourceIdentityData) -> Mapping[str, Any]:
    """Return the values of an identity."""
    return decode(message.identity_data) or {}
