"""Foreign text made harmless to look at: nothing in it can move a cursor or turn a line around."""

import json
import unicodedata

from flowdeck.model.json_value import Json


def plain(text: str) -> str:
    """The text with everything that cannot be seen as itself written as `\\u....`: controls, newlines, bidi."""
    return text if text.isprintable() else "".join(one if _is_seen(one) else _escaped(one) for one in text)


def _is_seen(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"  # spaces of all widths


def _escaped(character: str) -> str:
    digits = f"{ord(character):04x}"
    return f"\\u{digits}" if len(digits) == 4 else f"\\U{digits:0>8}"  # noqa: PLR2004 (as Python and JSON write them)


def quoted(value: Json, most: int = 160) -> str:
    """A value as one line of JSON, cut after `most` characters."""
    text = plain(json.dumps(value.value, ensure_ascii=False))
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"
