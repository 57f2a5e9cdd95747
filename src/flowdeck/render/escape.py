"""Foreign text made harmless to look at: nothing in it can move a cursor or turn a line around."""

import json
import re

from flowdeck.model.json_value import Json

# C0 and C1 controls, and the characters that change the direction of text or hide in it (Unicode TR 36, section 3).
_HARMFUL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def plain(text: str) -> str:
    """The text with every control and bidi character written as `\\\\u....`; newlines too."""
    return _HARMFUL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def quoted(value: Json, most: int = 160) -> str:
    """A value as one line of JSON, cut after `most` characters."""
    text = plain(json.dumps(value.value, ensure_ascii=False))
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"
