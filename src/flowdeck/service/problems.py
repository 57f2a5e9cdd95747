"""A problem of the service as a diagnostic: the code, the service's own words, and the way out."""

from flowdeck.model.diagnostic import Diagnostic
from flowdeck.service.ports import Kind, Problem

_CODES: dict[Kind, tuple[str, str]] = {
    "unreachable": ("service-unreachable", "check the network and the environment's `service`"),
    "failed": ("service-failed", "the service is in trouble; try again later"),
    "busy": ("service-busy", "the service asks to slow down; try again later, or lower --parallelism"),
    "unauthenticated": ("bad-credentials", "check the client id and secret, and that the client still exists"),
    "forbidden": ("forbidden", "the identity in use lacks the permission; give it the role, or use another identity"),
    "gone": ("flow-not-found", "it was deleted, or the identity in use may not see it"),
    "invalid": ("refused-by-service", "change what the service complains about"),
}


def diagnostic_of(problem: Problem, address: str | None = None) -> Diagnostic:
    """The diagnostic for a problem as a whole; its details are for whoever knows the places."""
    code, hint = _CODES[problem.kind]
    request = f" (request {problem.request_id})" if problem.request_id else ""
    return Diagnostic(code, f"{problem.message}{request}", hint, address=address)
