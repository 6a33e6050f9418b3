"""The schema that a process reads from its package."""

import subprocess
import sys

from google.protobuf import json_format

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.provider_schema import (
    build_provider_schema,
    load_provider_schema,
    render_provider_schema,
)

PROGRAM = """
import asyncio
from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.servicer import load_handlers
from neev_provider.core import docstrings
response = asyncio.run(load_handlers().GetProviderSchema(pb.GetProviderSchema.Request()))
print(response.resource_schemas["neev_sandbox"].block.description_kind, end=" ")
print(docstrings.attribute_docstrings.cache_info().misses)
"""


def test_the_stored_schema_equals_the_schema_of_the_declarations() -> None:
    assert load_provider_schema() == build_provider_schema()
    assert json_format.Parse(render_provider_schema(), pb.GetProviderSchema.Response()) == build_provider_schema()


def test_the_provider_serves_the_schema_without_reading_sources() -> None:
    """Reading the sources takes half a second, and a frozen bundle has none."""
    finished = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert finished.stdout.split() == ["1", "0"]
