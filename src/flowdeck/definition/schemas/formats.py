"""The formats of texts and objects that JSON Schema and Globus know."""

import re

# Of JSON Schema: draft-07's, and the two that came after it, of which Globus uses `uuid` itself.
FORMATS = (
    *("date-time", "date", "time", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri"),
    *("uri-reference", "iri", "iri-reference", "uri-template", "json-pointer", "relative-json-pointer", "regex"),
    *("uuid", "duration"),
)
COLLECTION = "globus-collection"
# Of Globus: its documentation of input schemas and of collections that require a flow, and its example flows.
_OF_GLOBUS = (COLLECTION, "globus-collection-id", "globus-collection-path", "globus-principal")
_TRANSFER = "globus-transfer-transfer#0.10"
_TRANSFERS = re.compile(r"globus-transfer-transfer#\d+\.\d+")
EVERY = (*_OF_GLOBUS, _TRANSFER, *FORMATS)


def is_format(name: str) -> bool:
    """Whether there is a format of that name."""
    return name in EVERY or _TRANSFERS.fullmatch(name) is not None
