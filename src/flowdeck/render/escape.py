"""Foreign text made harmless to look at: it moves no cursor, turns no line around, and commands no CI system."""

import re
import unicodedata

# Letters, marks and signs of which nothing is seen: with them two names look the same.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
# Wherever it stands in a line of a log, a runner of GitHub, Azure or TeamCity reads this as the start of a command.
_COMMAND = re.compile(r"#(?=#\w*\[)")


def plain(text: str) -> str:
    """The text with everything that cannot be seen as itself written as `\\u....`: controls, newlines, bidi."""
    is_seen = text.isprintable() and (text.isascii() or not _BLANK.search(text))
    seen = text if is_seen else "".join(one if _is_seen(one) else _escaped(one) for one in text)
    return _COMMAND.sub(lambda found: _escaped(found[0]), seen)


def first_in_line(text: str) -> str:
    """As `plain`, for text that a line begins with: there GitHub's runner reads `::name::` as a command."""
    seen = plain(text)
    return seen.replace(":", _escaped(":"), 1) if seen.lstrip().startswith("::") else seen


def _is_seen(character: str) -> bool:
    is_space = unicodedata.category(character) == "Zs"  # of whatever width
    return is_space or (character.isprintable() and not _BLANK.match(character))


def _escaped(character: str) -> str:
    """As JSON writes it, which has two numbers for what is beyond the first 65,536."""
    return re.sub("....", r"\\u\g<0>", character.encode("utf-16-be", "surrogatepass").hex())
