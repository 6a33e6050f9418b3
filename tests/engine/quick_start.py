"""The blocks of a quick start."""

from __future__ import annotations

import re
from pathlib import Path


def read_steps(page: Path) -> list[tuple[str, list[str]]]:
    """Return the commands of each section with their expected outputs, in the order of the page."""
    sections = re.split(r"^## ", page.read_text(), flags=re.MULTILINE)[1:]
    blocks = [re.findall(r"```(sh|text)\n(.*?)```", section, re.DOTALL) for section in sections]
    return [
        ("".join(text for kind, text in section if kind == "sh"), [text for kind, text in section if kind == "text"])
        for section in blocks
    ]
