"""Globus Flows, through globus-sdk; no other room imports it."""

from flowdeck.service.globus.client import Access, GlobusReader, GlobusWriter, connect
from flowdeck.service.globus.credentials import Credentials, credentials_from
from flowdeck.service.globus.endpoints import Endpoints, endpoints_for

__all__ = [
    "Access",
    "Credentials",
    "Endpoints",
    "GlobusReader",
    "GlobusWriter",
    "connect",
    "credentials_from",
    "endpoints_for",
]
