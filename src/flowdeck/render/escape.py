"""Foreign text made harmless to look at: it moves no cursor, turns no line around, and commands no CI system."""

import unicodedata


def plain(text: str) -> str:
    """The text with everything that cannot be seen as itself written as `\\u....`: controls, newlines, bidi."""
    seen = text if text.isprintable() else "".join(one if _is_seen(one) else _escaped(one) for one in text)
    # Wherever it stands in a line of a log, GitHub's runner reads `##[name]` as a command.
    return seen.replace("##[", f"{_escaped('#')}#[")


def first_in_line(text: str) -> str:
    """As `plain`, for text that a line begins with: there GitHub's runner reads `::name::` as a command."""
    seen = plain(text)
    return seen.replace(":", _escaped(":"), 1) if seen.lstrip().startswith("::") else seen


def _is_seen(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"  # spaces of all widths


def _escaped(character: str) -> str:
    digits = f"{ord(character):04x}"
    return f"\\u{digits}" if len(digits) == 4 else f"\\U{digits:0>8}"  # noqa: PLR2004 (as Python and JSON write them)
