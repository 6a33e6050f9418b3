"""Numbers of objects in texts."""


def count_noun(number: int, noun: str) -> str:
    """Return the number with its noun: `1 sandbox`, `2 sandboxes`."""
    ending = "" if number == 1 else "es" if noun.endswith("x") else "s"
    return f"{number} {noun}{ending}"
