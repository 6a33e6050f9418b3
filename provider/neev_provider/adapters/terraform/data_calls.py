"""The calls for data functions: data sources, and ephemeral resources for those that return a credential."""

# ruff: noqa: N802  the names are the protocol's

from __future__ import annotations

from neev_provider.adapters.terraform import tfplugin6_pb2 as pb
from neev_provider.adapters.terraform.attributes import data_source_attributes, ephemeral_attributes
from neev_provider.adapters.terraform.calls import Calls, argument_diagnostics, call_function
from neev_provider.adapters.terraform.names import function_of
from neev_provider.adapters.terraform.values import decode


class DataSourceCalls(Calls):
    """The calls for data sources."""

    async def ValidateDataResourceConfig(
        self, request: pb.ValidateDataResourceConfig.Request
    ) -> pb.ValidateDataResourceConfig.Response:
        """Check the configuration of a data source, as far as its values are known."""
        found = argument_diagnostics(request.config, function_of(request.type_name).arguments)
        return pb.ValidateDataResourceConfig.Response(diagnostics=found)

    async def ReadDataSource(self, request: pb.ReadDataSource.Request) -> pb.ReadDataSource.Response:
        """Return what the function returns."""
        function = function_of(request.type_name)
        attributes = data_source_attributes(function.arguments, function.result)
        state = await call_function(self._provider, function, attributes, decode(request.config))
        return pb.ReadDataSource.Response(state=state)


class EphemeralCalls(Calls):
    """The calls for ephemeral resources, whose values the engine stores nowhere.

    What is opened ends by itself: the API extends no credential and takes none back. A renewal cannot pass another
    one to the engine, so `open` asks for none.
    """

    async def ValidateEphemeralResourceConfig(
        self, request: pb.ValidateEphemeralResourceConfig.Request
    ) -> pb.ValidateEphemeralResourceConfig.Response:
        """Check the configuration of an ephemeral resource, as far as its values are known."""
        found = argument_diagnostics(request.config, function_of(request.type_name).arguments)
        return pb.ValidateEphemeralResourceConfig.Response(diagnostics=found)

    async def OpenEphemeralResource(
        self, request: pb.OpenEphemeralResource.Request
    ) -> pb.OpenEphemeralResource.Response:
        """Return what the function returns, with its credentials."""
        function = function_of(request.type_name)
        attributes = ephemeral_attributes(function.arguments, function.result)
        result = await call_function(self._provider, function, attributes, decode(request.config))
        return pb.OpenEphemeralResource.Response(result=result)

    async def RenewEphemeralResource(
        self, _request: pb.RenewEphemeralResource.Request
    ) -> pb.RenewEphemeralResource.Response:
        """Ask for no further renewal."""
        return pb.RenewEphemeralResource.Response()

    async def CloseEphemeralResource(
        self, _request: pb.CloseEphemeralResource.Request
    ) -> pb.CloseEphemeralResource.Response:
        """Do nothing."""
        return pb.CloseEphemeralResource.Response()
