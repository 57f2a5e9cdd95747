"""Where the services are, and whether credentials may be sent there."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from flowdeck.model.diagnostic import Diagnostic
from flowdeck.model.errors import Invalid
from flowdeck.model.manifest import GLOBUS

# globus-sdk's own production URLs (globus_sdk.config.environments), named here so that a plan can show them.
_PRODUCTION = {
    "flows": "https://flows.automate.globus.org/",
    "auth": "https://auth.globus.org/",
    "groups": "https://groups.api.globus.org/v2/",
}


# Parsers disagree on where the host of an odd URL ends, so only plain ones are taken.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?(/[\w./~%-]*)?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Base URLs of the three services that flowdeck talks to; `name` stands in plans for the URL of an emulator."""

    flows: str
    auth: str
    groups: str
    name: str = ""

    @property
    def shown(self) -> str:
        """What a plan shows: the name, else the URL of Flows."""
        return self.name or self.flows

    @property
    def is_local(self) -> bool:
        """Whether Flows is on this machine, where proxies have no business."""
        return _is_loopback((urlsplit(self.flows).hostname or "").lower())


def endpoints_for(service: str, environ: Mapping[str, str]) -> Endpoints:
    """The URLs for a manifest's `service`: a URL wins over GLOBUS_SDK_SERVICE_URL_*, which win over production.

    Raises Invalid for a URL to which credentials must not be sent (`untrusted-host`).
    """
    urls = {name: environ.get(f"GLOBUS_SDK_SERVICE_URL_{name.upper()}") or url for name, url in _PRODUCTION.items()}
    if service != GLOBUS:
        urls["flows"] = service if service.endswith("/") else f"{service}/"
    trusted = {host.strip().lower() for host in environ.get("FLOWDECK_TRUSTED_HOSTS", "").split(",") if host.strip()}
    for url in urls.values():
        _require_trusted(url, trusted)
    return Endpoints(urls["flows"], urls["auth"], urls["groups"])


def _require_trusted(url: str, trusted: set[str]) -> None:
    form = _URL.fullmatch(url)
    host = (form["host"] if form else "").lower().strip("[]")
    scheme = form["scheme"].lower() if form else ""
    secure = scheme == "https" and (host == "globus.org" or host.endswith(".globus.org") or host in trusted)
    if secure or (scheme in ("http", "https") and _is_loopback(host)):
        return
    raise Invalid(
        Diagnostic(
            "untrusted-host",
            f"credentials are not sent to `{scheme}://{host}`" if form else "a service's URL is not in plain form",
            "only Globus hosts over https, and this machine, are trusted; add another host to FLOWDECK_TRUSTED_HOSTS",
        )
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
