"""A finding: a rule of the flow language that a flow breaks, and where."""

from dataclasses import dataclass

from flowdeck.model.diagnostic import Severity

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """`path` begins with `definition` or `input_schema`, as the service's own error locations do.

    Its last step is a key of the value that is wrong. An error is what the service refuses.
    """

    code: str
    message: str
    path: Path
    hint: str = ""
    severity: Severity = Severity.ERROR
