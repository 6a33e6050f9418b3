"""String formats that the API accepts, validated before a request is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

_IMAGE_PATTERN = re.compile(r"[^/@\s]+(/[^/@\s]+)+(:[^/@:\s]+|@sha256:[a-fA-F0-9]+)")
_MAX_IMAGE_LENGTH = 512
_TEMPLATE_PATTERN = re.compile(r"sb-[a-zA-Z0-9-]+")
_SLUG_PATTERN = re.compile(r"[a-z0-9]{8}")
_DURATION_PATTERN = re.compile(r"0|([0-9]+(\.[0-9]+)?(h|m|s))+")


def _validate_image(text: str) -> str:
    if _IMAGE_PATTERN.fullmatch(text) and len(text) <= _MAX_IMAGE_LENGTH:
        return text
    raise ValueError(
        "must be an image with its registry's path and a tag or digest, such as docker.io/library/python:3.12, "
        f"at most {_MAX_IMAGE_LENGTH} characters long"
    )


def _validate_template_id(text: str) -> str:
    if _TEMPLATE_PATTERN.fullmatch(text):
        return text
    raise ValueError("must be a template's id, such as sb-ubuntu-26-04-minimal; `getSandboxTemplate` finds it by name")


def _validate_duration(text: str) -> str:
    if _DURATION_PATTERN.fullmatch(text):
        return text
    raise ValueError('must be a duration in hours, minutes and seconds, such as 720h or 1h30m; "0" means no limit')


def _validate_slug(text: str) -> str:
    if _SLUG_PATTERN.fullmatch(text):
        return text
    raise ValueError("must be 8 lowercase letters and digits")


def _validate_object(value: object) -> object:
    if not isinstance(value, Mapping):
        raise ValueError("must be an object")  # noqa: TRY004  pydantic reads ValueError
    return value


Image = Annotated[str, AfterValidator(_validate_image)]
TemplateId = Annotated[str, AfterValidator(_validate_template_id)]
Duration = Annotated[str, AfterValidator(_validate_duration)]
Slug = Annotated[str, AfterValidator(_validate_slug)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(_validate_object)]
