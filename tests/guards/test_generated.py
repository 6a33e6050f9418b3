"""What is generated and committed is what the declarations give today."""

from pathlib import Path

from pulumi_neev.faces import schema

ROOT = Path(__file__).parents[2]


def test_the_schema_is_up_to_date() -> None:
    assert (ROOT / "schema.json").read_text() == schema.text(), "run `make schema`"
