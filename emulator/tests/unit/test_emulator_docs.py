"""docs/emulator.md describes all settings, faults and controls."""

import re
from pathlib import Path
from typing import get_args

import typer
from pydantic import BaseModel
from starlette.routing import Route

from neev_emulator import Backend, Emulator, Settings, create_app
from neev_emulator.cli import app
from neev_emulator.faults.queue import Fault, FaultKind

PAGE = (Path(__file__).parents[3] / "docs" / "emulator.md").read_text()


def list_settings(model: type[BaseModel], prefix: str = "") -> list[str]:
    named: list[str] = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            named += list_settings(field.annotation, f"{prefix}{name}.")
        else:
            named.append(prefix + name)
    return named


def test_every_setting_is_described() -> None:
    assert [name for name in list_settings(Settings) if f"`{name}`" not in PAGE] == []


def test_every_kind_of_fault_and_each_of_its_fields_is_described() -> None:
    assert [kind for kind in get_args(FaultKind) if f"| `{kind}` |" not in PAGE] == []
    assert [name for name in Fault.model_fields if f"`{name}`" not in PAGE and f'"{name}"' not in PAGE] == []


async def test_every_control_is_described(backend: Backend) -> None:
    controls = [route for route in create_app(backend).routes if isinstance(route, Route) and "_emulator" in route.path]
    calls = [f"{method} {route.path}" for route in controls for method in (route.methods or set()) - {"HEAD"}]
    assert len(calls) == 12
    assert [call for call in calls if f"`{call}`" not in PAGE] == []


def test_every_command_and_option_is_described() -> None:
    group = typer.main.get_command(app)
    assert [name for name in getattr(group, "commands", {}) if not re.search(rf"`(neev-emulator )?{name}`", PAGE)] == []
    commands = [group, *getattr(group, "commands", {}).values()]
    options = {option for command in commands for parameter in command.params for option in parameter.opts}
    assert len(options) > 10
    assert [option for option in options if option.startswith("--") and option not in PAGE] == []


def test_every_member_of_an_emulator_is_described() -> None:
    members = {name for name in dir(Emulator) if not name.startswith("_")} - {"from_env", "reopen"}
    assert [name for name in members if not re.search(rf"`{name}\b", PAGE)] == []
