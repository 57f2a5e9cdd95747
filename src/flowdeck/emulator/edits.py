"""The fault `edit`: somebody else changes a flow behind the client's back."""

import re
import sqlite3

from flowdeck.emulator import flow, flows
from flowdeck.emulator.exchange import Call, Caller
from flowdeck.emulator.faults import Edit
from flowdeck.emulator.store import read_settings

_FLOW_PATH = re.compile(r"/flows/([^/]+)")
_SOMEBODY = Caller(identity="00000000-0000-4000-8000-000000000000")


def edit(db: sqlite3.Connection, fault: Edit, path: str) -> None:
    """Set the fault's fields on the flow that it names, else on the one of the path; nothing if that is gone."""
    addressed = _FLOW_PATH.fullmatch(path)
    named = fault.flow or (addressed[1] if addressed else "")
    settings = read_settings(db)
    found = flow.read(db, flow.titled(db, named) or named, settings)
    if found is not None:
        flows.overwrite(Call(db=db, settings=settings, caller=_SOMEBODY), found, dict(fault.fields))
