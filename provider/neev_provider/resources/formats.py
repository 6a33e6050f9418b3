"""Texts that the API takes, checked before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

_IMAGE = re.compile(r"[^/@\s]+(/[^/@\s]+)+(:[^/@:\s]+|@sha256:[a-fA-F0-9]+)")
_IMAGE_LENGTH = 512
_TEMPLATE = re.compile(r"sb-[a-zA-Z0-9-]+")
_SLUG = re.compile(r"[a-z0-9]{8}")
_DURATION = re.compile(r"0|([0-9]+(\.[0-9]+)?(h|m|s))+")


def _image(text: str) -> str:
    if _IMAGE.fullmatch(text) and len(text) <= _IMAGE_LENGTH:
        return text
    raise ValueError(
        "must be an image with its registry's path and a tag or digest, such as docker.io/library/python:3.12, "
        f"at most {_IMAGE_LENGTH} characters long"
    )


def _template_id(text: str) -> str:
    if _TEMPLATE.fullmatch(text):
        return text
    raise ValueError("must be a template's id, such as sb-ubuntu-26-04-minimal; `getSandboxTemplate` finds it by name")


def _duration(text: str) -> str:
    if _DURATION.fullmatch(text):
        return text
    raise ValueError('must be a duration in hours, minutes and seconds, such as 720h or 1h30m; "0" keeps it')


def _slug(text: str) -> str:
    if _SLUG.fullmatch(text):
        return text
    raise ValueError("must be exactly 8 lower-case letters and digits")


def _object(value: object) -> object:
    if not isinstance(value, Mapping):
        raise ValueError("must be an object")  # noqa: TRY004  pydantic reads ValueError
    return value


Image = Annotated[str, AfterValidator(_image)]
TemplateId = Annotated[str, AfterValidator(_template_id)]
Duration = Annotated[str, AfterValidator(_duration)]
Slug = Annotated[str, AfterValidator(_slug)]
JsonObject = Annotated[dict[str, Any], BeforeValidator(_object)]
