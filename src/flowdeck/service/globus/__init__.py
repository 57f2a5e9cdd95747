"""Globus Flows, through globus-sdk; no other room imports it."""

from flowdeck.service.globus.access import Access, connect
from flowdeck.service.globus.client import GlobusReader, GlobusWriter
from flowdeck.service.globus.credentials import (
    AnyCredentials,
    Credentials,
    StoredLogin,
    credentials_from,
    stored_login_from,
)
from flowdeck.service.globus.endpoints import Endpoints, endpoints_for

__all__ = [
    "Access",
    "AnyCredentials",
    "Credentials",
    "Endpoints",
    "GlobusReader",
    "GlobusWriter",
    "StoredLogin",
    "connect",
    "credentials_from",
    "endpoints_for",
    "stored_login_from",
]
