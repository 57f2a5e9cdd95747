"""The specification of faults as people write it: a list of mappings, or a YAML or JSON file that holds one."""

import json
from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flowdeck.emulator import checks, strict
from flowdeck.emulator.errors import FaultError
from flowdeck.emulator.faults import Drop, Edit, Fault, Kind, Latency, StaleList, Status, When
from flowdeck.emulator.flow import HISTORY_SECONDS
from flowdeck.emulator.refusals import Refusal


def parse(source: Path | Iterable[Any] | None) -> list[Fault]:
    """The faults of a list, or of a YAML or JSON file that holds one. Raises FaultError."""
    document = strict.document(source, FaultError) if isinstance(source, Path) else list(source or ())
    entries = strict.listed(document, "faults", FaultError)
    return [_fault(entry, f"faults[{index}]") for index, entry in enumerate(entries)]


def _fault(entry: Any, where: str) -> Fault:
    name = str(entry.get("fault")) if isinstance(entry, Mapping) else ""
    if name not in _KINDS:
        raise FaultError(f"{where}: `fault` is one of {', '.join(_KINDS)}, not {name!r}")
    required, optional, make = _KINDS[name]
    strict.mapping(entry, where, {"fault", "when", "times", *required, *optional}, required, FaultError)
    conditions = strict.mapping(entry.get("when"), f"{where}.when", _CONDITIONS, (), FaultError)
    try:
        kind = make(entry)
        when = _when({**_usual(kind), **conditions})
        return Fault(name, kind, when, _times(entry, when), dict(entry))
    except (TypeError, ValueError) as error:
        raise FaultError(f"{where}: {error}") from error


def _usual(kind: Kind) -> Mapping[str, Any]:
    """The conditions of a kind that makes sense for some requests only, where nothing else is written."""
    match kind:
        case StaleList():
            return {"method": "GET", "path": "/flows"}
        case Edit(flow=None):
            return {"method": ["GET", "PUT", "DELETE"], "path": "/flows/*"}
        case _:
            return {}


def _times(entry: Mapping[str, Any], when: When) -> int | None:
    """How often: once, unless it is written; once for each listed request; always under a probability."""
    usual = None if when.probability is not None else max(1, len(when.requests))
    times = entry.get("times", usual)
    return None if times is None else _count(times, "times")


def _when(written: Mapping[str, Any]) -> When:
    numbers = [*written.get("requests", ()), *([written["request"]] if "request" in written else ())]
    methods = written.get("method", ())
    probability = written.get("probability")
    if probability is not None and not 0 <= probability <= 1:
        raise ValueError(f"`probability` is from 0 to 1, not {probability!r}")
    return When(
        requests=frozenset(_count(number, "request") for number in numbers),
        methods=frozenset([methods] if isinstance(methods, str) else methods),
        path=str(written["path"]) if "path" in written else None,
        nth=_count(written["nth"], "nth") if "nth" in written else None,
        probability=probability,
        seed=_count(written["seed"], "seed") if "seed" in written else None,
    )


def _count(value: Any, key: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"`{key}` is a whole number from 1, not {value!r}")
    return value


def _after(entry: Mapping[str, Any]) -> bool:
    effect = entry.get("effect", "before")
    if effect not in ("before", "after"):
        raise ValueError(f"`effect` is before or after, not {effect!r}")
    return bool(effect == "after")


def _latency(entry: Mapping[str, Any]) -> Kind:
    return Latency(_amount(entry, "ms", most=3_600_000))


def _status(entry: Mapping[str, Any]) -> Kind:
    status = HTTPStatus(entry["status"])
    if status < HTTPStatus.BAD_REQUEST:
        raise ValueError(f"`status` is an error from 400, not {status}")
    retry_after = entry.get("retry_after")
    if isinstance(retry_after, str) and not retry_after.isdecimal():
        parsedate_to_datetime(retry_after)
    json.dumps(entry.get("body"))  # a TypeError where it is no JSON
    return Status(status, None if retry_after is None else str(retry_after), _after(entry), entry.get("body"))


def _drop(entry: Mapping[str, Any]) -> Kind:
    return Drop(_after(entry))


def _stale_list(entry: Mapping[str, Any]) -> Kind:
    return StaleList(_amount(entry, "seconds", most=HISTORY_SECONDS))


def _edit(entry: Mapping[str, Any]) -> Kind:
    try:
        return Edit(checks.change(entry["set"]), entry.get("flow"))
    except Refusal as refusal:
        raise ValueError(f"`set`: {refusal.message or refusal.detail}") from refusal


def _amount(entry: Mapping[str, Any], key: str, most: float) -> float:
    amount = entry[key]
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 <= amount <= most:
        raise ValueError(f"`{key}` is a number from 0 to {most}, not {amount!r}")
    return float(amount)


_CONDITIONS = ("request", "requests", "method", "path", "nth", "probability", "seed")

# For each kind the parameters that it must have, those that it may have, and what makes it of them.
_KINDS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], Callable[[Mapping[str, Any]], Kind]]] = {
    "latency": (("ms",), (), _latency),
    "status": (("status",), ("retry_after", "effect", "body"), _status),
    "drop": ((), ("effect",), _drop),
    "stale-list": (("seconds",), (), _stale_list),
    "edit": (("set",), ("flow",), _edit),
}
