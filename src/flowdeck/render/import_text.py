"""What an import did, for people."""

from collections.abc import Iterable, Sequence

from flowdeck.model.imported import Skipped
from flowdeck.model.live import LiveFlow
from flowdeck.render.escape import plain


def imported(flows: Sequence[tuple[str, LiveFlow]], skipped: Iterable[Skipped], managed: int) -> str:
    """The flows by their new names, then those that were left, each with the reason."""
    left = [f"  {one.live.id}  {plain(one.live.flow.title)}: {one.reason}" for one in skipped]
    lines: list[str] = []
    if flows:
        width = max(len(name) for name, _ in flows)
        rows = (f"  flow.{name:<{width}}  {live.id}  {plain(live.flow.title)}" for name, live in flows)
        lines += [f"Imported {_count(len(flows), 'flow')} into flows/:", *rows]
    else:
        lines += ["Nothing to import."]
    if left:
        lines += [f"Left {_count(len(left), 'flow')} alone:", *left]
    if managed:
        lines += [f"{_count(managed, 'flow')} of this environment {'is' if managed == 1 else 'are'} managed already."]
    return "\n".join(lines)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
