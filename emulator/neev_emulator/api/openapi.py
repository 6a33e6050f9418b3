"""The OpenAPI 3.1 description, derived from the routes, request models and response schemas."""

from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

from pydantic import TypeAdapter

from neev_emulator.api import schemas as response_schemas
from neev_emulator.api.operations import Operation, OperationRoute
from neev_emulator.runtime import schemas as runtime
from neev_emulator.runtime.errors import STATUS_BY_REASON as RUNTIME_STATUS
from neev_emulator.runtime.routes import ENDPOINTS

_REF = "#/components/schemas/{model}"
_UUID_SCHEMA = {"type": "string", "format": "uuid"}
_TOO_MANY_REQUESTS = 429
_FRAMES_CONTENT = {"application/x-ndjson": {"schema": {"type": "string"}}}
_RANGE_SCHEMA = {"type": "string", "pattern": "^bytes=[0-9]*-[0-9]*$"}
_PORT_SCHEMA = {"type": "integer", "minimum": 1, "maximum": 65535}

Json = dict[str, Any]

_BYTES_CONTENT: Json = {"application/octet-stream": {}}


def build_openapi(routes: Iterable[OperationRoute]) -> Json:
    """Return the description of the control plane and of the runtime's JSON paths."""
    routes = list(routes)
    operations = [operation for route in routes for operation in route.operations.values()]
    schemas = Schemas(
        requests=[
            *(item.body for item in operations),
            *(request_type for request_type, _ in runtime.ENDPOINT_SCHEMAS.values()),
        ],
        responses=[
            *(item.response_type for item in operations),
            *(response_type for _, response_type in runtime.ENDPOINT_SCHEMAS.values()),
            response_schemas.ErrorBody,
            runtime.RuntimeErrorBody,
        ],
    )
    paths = {f"/agent{route.path}": dict(_describe_methods(route, schemas)) for route in routes}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Agent Service, emulated", "version": version("neev-emulator")},
        "security": [{"key": []}],
        "paths": paths | dict(_describe_runtime(schemas)),
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "headers": {"RequestId": {"required": True, "schema": {"type": "string"}}},
            "schemas": schemas.components,
        },
    }


class Schemas:
    """The schemas of all requests and responses, by name."""

    def __init__(self, *, requests: Iterable[Any], responses: Iterable[Any]) -> None:
        self._refs: dict[tuple[str, Any], Json] = {}
        self.components: Json = {}
        self._add("validation", requests)
        # Requests may have unknown members; responses may not.
        for schema in self._add("serialization", responses):
            if "properties" in schema:
                schema["additionalProperties"] = False

    def request_content(self, model: Any) -> Json:
        """Return the content object of a request."""
        return _json_content(self._refs["validation", model])

    def response_content(self, shape: Any) -> Json:
        """Return the content object of a response."""
        return _json_content(self._refs["serialization", shape])

    def _add(self, mode: Any, types: Iterable[Any]) -> Iterable[Json]:
        inputs = [(item, mode, TypeAdapter(item)) for item in dict.fromkeys(types) if item is not None]
        refs, definitions = TypeAdapter.json_schemas(inputs, ref_template=_REF)
        self._refs |= {(mode, item): ref for (item, _), ref in refs.items()}
        new: Json = definitions.get("$defs", {})
        if duplicates := self.components.keys() & new.keys():
            raise ValueError(f"two schemas have one name: {sorted(duplicates)}")
        self.components |= new
        return list(new.values())


def _describe_methods(route: OperationRoute, schemas: Schemas) -> Iterator[tuple[str, Json]]:
    parameters = [
        _parameter(name, "path", _PORT_SCHEMA if name == "port" else _text_schema()) for name in route.param_convertors
    ]
    for method, operation in route.operations.items():
        error_statuses = sorted(_error_statuses(parameters, operation))
        responses: Json = {
            str(status): _response("The request is rejected.", schemas.response_content(response_schemas.ErrorBody))
            for status in error_statuses
        }
        content = {} if operation.response_type is None else schemas.response_content(operation.response_type)
        responses[str(operation.status)] = _response(operation.summary, content)
        if _TOO_MANY_REQUESTS in error_statuses:
            responses[str(_TOO_MANY_REQUESTS)]["headers"]["Retry-After"] = {
                "required": True,
                "schema": {"type": "integer"},
            }
        description = {
            "summary": operation.summary,
            "operationId": _operation_id(method, route.path),
            "parameters": [*parameters, *(_parameter(item.name, "query", item.schema) for item in operation.query)],
            "responses": responses,
        }
        if operation.body is not None:
            is_required = any(field.is_required() for field in operation.body.model_fields.values())
            description["requestBody"] = {"content": schemas.request_content(operation.body), "required": is_required}
        yield method.lower(), description


def _error_statuses(parameters: list[Json], operation: Operation) -> set[int]:
    names = {parameter["name"] for parameter in parameters}
    return {
        401,
        403,
        _TOO_MANY_REQUESTS,
        *operation.error_statuses,
        *((404,) if names else ()),
        *((400,) if operation.query or operation.body else ()),
        *((413, 415) if operation.body else ()),
    }


def _describe_runtime(schemas: Schemas) -> Iterator[tuple[str, Json]]:
    error_response = _response("The request is rejected.", schemas.response_content(runtime.RuntimeErrorBody))
    summaries = {path: (endpoint.__doc__ or "").partition("\n")[0] for _, path, endpoint in ENDPOINTS}
    for path, (request_type, response_type) in runtime.ENDPOINT_SCHEMAS.items():
        content = (
            schemas.response_content(response_type)
            if response_type
            else _FRAMES_CONTENT
            if path == "/v1/exec"
            else _BYTES_CONTENT
        )
        if path == "/v1/processes/logs":
            content = {**content, **_FRAMES_CONTENT}
        description: Json = {
            "summary": summaries[path],
            "operationId": _operation_id("post", path),
            "parameters": [_parameter("X-Sandbox-Id", "header", _UUID_SCHEMA)],
            "requestBody": {
                "content": schemas.request_content(request_type) if request_type else _BYTES_CONTENT,
                "required": request_type is not None,
            },
            "responses": {
                **{str(status): error_response for status in sorted({401, *RUNTIME_STATUS.values()} - {500})},
                "200": _response(summaries[path], content),
            },
        }
        if request_type is None:
            description["parameters"] += [
                _parameter("path", "query", _text_schema(), required=True),
                _parameter("cwd", "query", _text_schema(), required=False),
            ]
        if path == "/v1/files/read":
            description["parameters"].append(_parameter("Range", "header", _RANGE_SCHEMA, required=False))
            description["responses"] |= {"206": _response("One range.", content), "416": error_response}
        yield f"/sandboxes-runtime{path}", {"post": description}


def _json_content(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _response(summary: str, content: Json) -> Json:
    response: Json = {
        "description": summary,
        "headers": {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}},
    }
    return {**response, "content": content} if content else response


def _text_schema() -> Json:
    return {"type": "string", "minLength": 1}


def _parameter(name: str, location: str, schema: Json, *, required: bool | None = None) -> Json:
    is_required = location != "query" if required is None else required
    return {"name": name, "in": location, "required": is_required, "schema": schema}


def _operation_id(method: str, path: str) -> str:
    words = path.removeprefix("/api/v1beta1").replace("/orgs/{org}/projects/{project}", "").strip("/")
    return f"{method.lower()}_{words.replace('/', '_').replace('{', '').replace('}', '').replace('-', '_')}"
