"""Hide the private values of a definition in words that are not our own, such as those of the service."""

import json
import re
from collections.abc import Iterable

from flowdeck.model.flow import SENSITIVE, private_parameters
from flowdeck.model.json_value import Json

_SHORT = 3


def without_private(message: str, *definitions: Json) -> str:
    """The message with each private value hidden, and each part of one."""
    return without(message, (text for definition in definitions for text in _private_texts(definition)))


def without(message: str, secrets: Iterable[str]) -> str:
    """The message with each of the texts hidden, of which none is empty.

    A short one is hidden only where it stands as a word, or nothing would be readable.
    """
    forms = [
        re.escape(one) if len(one) > _SHORT else rf"(?<!\w){re.escape(one)}(?!\w)"
        for one in sorted({*secrets}, key=len, reverse=True)
    ]
    return re.sub("|".join(forms), SENSITIVE, message) if forms else message


def _private_texts(definition: Json) -> set[str]:
    """Every way in which a message might quote a private value, or a part of one."""
    texts: set[str] = set()
    for path in private_parameters(definition.value):
        value = definition.value
        for segment in path:
            value = value[segment]
        pending = [value]
        while pending:
            part = pending.pop()
            if part is None or isinstance(part, bool):  # a word of every message, and no secret
                continue
            texts |= {str(part), json.dumps(part), Json.of(part).text}
            pending += part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
    return texts - {"", '""', "{}", "[]"}
