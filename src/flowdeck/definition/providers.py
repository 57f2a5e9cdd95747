"""The action providers that Globus hosts, with the scope of each: the one table of what is known of them offline."""

from dataclasses import dataclass
from urllib.parse import urlsplit

_DOCS = "https://docs.globus.org/api/flows/hosted-action-providers"
_OF_ACTIONS = "https://auth.globus.org/scopes/5fac2e64-c734-4e6b-90ea-ff12ddbf9653"


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. `url` has no scheme; without a path it stands for every path of the host.

    `source` is the public page that gives the URL and the scope together.
    """

    url: str
    scope: str
    source: str


# What no page tells stays out: the scope of Globus Compute (compute.actions.globus.org), and the former names of these
# hosts. The providers under actions.globus.org/transfer/ ended on 2025-01-22 (the page of the first entry).
PROVIDERS: tuple[Provider, ...] = (
    Provider(
        "transfer.actions.globus.org",
        "urn:globus:auth:scope:transfer.api.globus.org:all",
        "https://docs.globus.org/api/transfer/action-providers/migration",
    ),
    Provider(
        "actions.globus.org/hello_world",
        "https://auth.globus.org/scopes/actions.globus.org/hello_world",
        f"{_DOCS}/ap-hello-world",
    ),
    Provider(
        "actions.globus.org/search/ingest",
        "https://auth.globus.org/scopes/actions.globus.org/search/ingest",
        f"{_DOCS}/ap-search-ingest",
    ),
    Provider("actions.globus.org/search/delete", f"{_OF_ACTIONS}/search_delete", f"{_DOCS}/ap-search-delete"),
    Provider(
        "actions.globus.org/notification/notify",
        f"{_OF_ACTIONS}/notification_notify",
        f"{_DOCS}/ap-notification-notify",
    ),
    Provider(
        "actions.globus.org/weboption/wait_for_option",
        f"{_OF_ACTIONS}/weboption_wait_for_option",
        f"{_DOCS}/ap-weboption-wait-for-option",
    ),
    Provider("actions.globus.org/expression_eval", f"{_OF_ACTIONS}/expression", f"{_DOCS}/ap-expression-eval"),
    Provider(
        "actions.globus.org/datacite/mint/basic_auth",
        f"{_OF_ACTIONS}/datacite_mint_basic_auth_action_all",
        f"{_DOCS}/ap-datacite-mint",
    ),
)
_SCOPES = {provider.url: provider.scope for provider in PROVIDERS}


def scope_of(url: str) -> str | None:
    """The scope that an action's URL needs; None for a provider that is not in the table, or is not known yet."""
    if "{" in url:  # a late reference, or none of ours: no URL has braces (RFC 3986)
        return None
    try:
        address = urlsplit(url)
        hosted = address.scheme == "https" and address.port in (None, 443) and not address.query
    except ValueError:  # no URL at all
        return None
    host = address.hostname if hosted else None
    return _SCOPES.get(host) or _SCOPES.get(f"{host}{address.path.rstrip('/')}") if host else None
