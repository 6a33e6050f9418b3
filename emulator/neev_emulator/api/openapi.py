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
_PORT_SCHEMA = {"type": "integer", "minimum": 1, "maximum": 65535}

Json = dict[str, Any]

_BYTES_CONTENT: Json = {"application/octet-stream": {}}


def build_openapi(routes: Iterable[OperationRoute]) -> Json:
    """Return the description of the control plane and of the runtime's JSON paths."""
    routes = list(routes)
    operations = [operation for route in routes for operation in route.operations.values()]
    schemas = Schemas(
        requests=[*(each.body for each in operations), *(taken for taken, _ in runtime.ENDPOINT_SCHEMAS.values())],
        responses=[
            *(each.response_type for each in operations),
            *(answered for _, answered in runtime.ENDPOINT_SCHEMAS.values()),
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
        # What is taken may have members that nobody knows; what is answered has none.
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
        inputs = [(each, mode, TypeAdapter(each)) for each in dict.fromkeys(types) if each is not None]
        refs, definitions = TypeAdapter.json_schemas(inputs, ref_template=_REF)
        self._refs |= {(mode, each): ref for (each, _), ref in refs.items()}
        found: Json = definitions.get("$defs", {})
        if twice := self.components.keys() & found.keys():
            raise ValueError(f"two schemas have one name: {sorted(twice)}")
        self.components |= found
        return list(found.values())


def _describe_methods(route: OperationRoute, schemas: Schemas) -> Iterator[tuple[str, Json]]:
    parameters = [
        _parameter(name, "path", _PORT_SCHEMA if name == "port" else _text_schema()) for name in route.param_convertors
    ]
    for method, operation in route.operations.items():
        refusals = sorted(_error_statuses(parameters, operation))
        answers: Json = {
            str(status): _response("Refused.", schemas.response_content(response_schemas.ErrorBody))
            for status in refusals
        }
        content = {} if operation.response_type is None else schemas.response_content(operation.response_type)
        answers[str(operation.status)] = _response(operation.summary, content)
        if _TOO_MANY_REQUESTS in refusals:
            answers[str(_TOO_MANY_REQUESTS)]["headers"]["Retry-After"] = {
                "required": True,
                "schema": {"type": "integer"},
            }
        told = {
            "summary": operation.summary,
            "operationId": _operation_id(method, route.path),
            "parameters": [*parameters, *(_parameter(each.name, "query", each.schema) for each in operation.query)],
            "responses": answers,
        }
        if operation.body is not None:
            needed = any(field.is_required() for field in operation.body.model_fields.values())
            told["requestBody"] = {"content": schemas.request_content(operation.body), "required": needed}
        yield method.lower(), told


def _error_statuses(parameters: list[Json], operation: Operation) -> set[int]:
    named = {parameter["name"] for parameter in parameters}
    return {
        401,
        403,
        _TOO_MANY_REQUESTS,
        *operation.error_statuses,
        *((404,) if named else ()),
        *((400,) if operation.query or operation.body else ()),
        *((413, 415) if operation.body else ()),
    }


def _describe_runtime(schemas: Schemas) -> Iterator[tuple[str, Json]]:
    refused = _response("Refused.", schemas.response_content(runtime.RuntimeErrorBody))
    summaries = {path: (endpoint.__doc__ or "").partition("\n")[0] for _, path, endpoint in ENDPOINTS}
    for path, (taken, answered) in runtime.ENDPOINT_SCHEMAS.items():
        content = (
            schemas.response_content(answered)
            if answered
            else _FRAMES_CONTENT
            if path == "/v1/exec"
            else _BYTES_CONTENT
        )
        if path == "/v1/processes/logs":
            content = {**content, **_FRAMES_CONTENT}
        told: Json = {
            "summary": summaries[path],
            "operationId": _operation_id("post", path),
            "parameters": [_parameter("X-Sandbox-Id", "header", _UUID_SCHEMA)],
            "requestBody": {
                "content": schemas.request_content(taken) if taken else _BYTES_CONTENT,
                "required": taken is not None,
            },
            "responses": {
                **{str(status): refused for status in sorted({401, *RUNTIME_STATUS.values()} - {500})},
                "200": _response(summaries[path], content),
            },
        }
        if taken is None:
            told["parameters"] += [
                _parameter("path", "query", _text_schema(), required=True),
                _parameter("cwd", "query", _text_schema(), required=False),
            ]
        yield f"/sandboxes-runtime{path}", {"post": told}


def _json_content(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _response(summary: str, content: Json) -> Json:
    answer: Json = {
        "description": summary,
        "headers": {"X-Request-Id": {"$ref": "#/components/headers/RequestId"}},
    }
    return {**answer, "content": content} if content else answer


def _text_schema() -> Json:
    return {"type": "string", "minLength": 1}


def _parameter(name: str, location: str, schema: Json, *, required: bool | None = None) -> Json:
    needed = location != "query" if required is None else required
    return {"name": name, "in": location, "required": needed, "schema": schema}


def _operation_id(method: str, path: str) -> str:
    words = path.removeprefix("/api/v1beta1").replace("/orgs/{org}/projects/{project}", "").strip("/")
    return f"{method.lower()}_{words.replace('/', '_').replace('{', '').replace('}', '').replace('-', '_')}"
