"""The attributes that are derived from declarations."""

from neev_provider.adapters.terraform.attributes import nested_attributes, resource_attributes
from neev_provider.resources.file.directory import DirectoryResource
from neev_provider.resources.process.inputs import ProcessReadiness


def test_the_only_alternative_to_an_asset_is_a_required_attribute() -> None:
    directory = resource_attributes(DirectoryResource())
    assert "source" not in directory
    path = directory["source_path"]
    assert (path.required, path.optional, path.computed) == (True, False, False)
    readiness = nested_attributes(ProcessReadiness, is_input=True)
    assert not readiness["port"].required
    assert not readiness["log_pattern"].required
