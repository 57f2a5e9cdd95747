"""How much the lists under `guardrails` were compared with: a guardrail that looks at nothing guards nothing."""

from collections.abc import Iterator

from flowdeck.definition import published
from flowdeck.definition.consents import actions
from flowdeck.model.diagnostic import Diagnostic, Diagnostics, Severity
from flowdeck.model.manifest import Manifest


def coverage(manifest: Manifest) -> Diagnostics:
    """A note on each list that the manifest gives, over all of its flows."""
    return tuple(Diagnostic("guardrail-coverage", message, severity=Severity.NOTE) for message in _told(manifest))


def _told(manifest: Manifest) -> Iterator[str]:
    guardrails = manifest.guardrails
    if guardrails.allowed_action_hosts is not None:
        called = [actions(published(wanted.flow, "definition").value) for wanted in manifest.flows]
        hosts = [action.host for of_flow in called for action in of_flow if action.host]
        elsewhere = sum(host not in guardrails.allowed_action_hosts for host in hosts)
        unused = [host for host in guardrails.allowed_action_hosts if host not in hosts]
        yield (
            f"`allowed-action-hosts` was compared with {_count(len(hosts), 'action')} of "
            f"{_count(len(manifest.flows), 'flow')}: {elsewhere} elsewhere"
            + (f"; no action is on {', '.join(f'`{host}`' for host in unused)}" if unused else "")
        )
    if guardrails.administrators_required:
        compared = sum("administrators" not in wanted.ignore for wanted in manifest.flows)
        flows = f"{compared} of {_count(len(manifest.flows), 'flow')}"
        yield f"`administrators-required` was compared with the administrators of {flows}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
