"""Open the project that a command is about."""

from flowdeck import manifest
from flowdeck.cli.door import Door
from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import Invalid, Misused
from flowdeck.workflow.looking import Loaded, load


def opened_for_looking(door: Door) -> Loaded:
    """The manifest, without its definitions if these are broken: what is live can be looked at always."""
    try:
        return opened(door)
    except Invalid:
        return opened(door, definitions=False)


def opened(door: Door, *, definitions: bool = True) -> Loaded:
    """The manifest of the chosen environment; its warnings are for the command to show."""
    return load(manifest.find(door.file), door.environment, given(door), definitions=definitions)


def given(door: Door) -> dict[str, str]:
    """The variables that the command line gives. Raises Misused for one without `=`."""
    for one in door.variables:
        if "=" not in one:
            raise Misused(Diagnostic("bad-variable", f"`--var {one}` gives no value", "write --var NAME=VALUE"))
    return dict(one.split("=", 1) for one in door.variables)
