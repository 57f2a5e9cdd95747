"""Reach the service of an environment: Globus, a URL, or the embedded emulator for the length of a command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from flowdeck.cli.door import Door
from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.errors import Invalid
from flowdeck.model.manifest import EMULATOR, Manifest
from flowdeck.service.globus import Access, Credentials, Endpoints, connect, credentials_from, endpoints_for


@contextmanager
def connection(door: Door, manifest: Manifest, *, writing: bool = False) -> Iterator[Access]:
    """Access to the environment's service, closed afterwards, with scopes for reading or for writing too."""
    if manifest.service == EMULATOR:
        with _emulator(door, manifest) as (endpoints, credentials):
            yield from _access(endpoints, credentials, writing)
    else:
        endpoints = endpoints_for(manifest.service, os.environ)
        yield from _access(endpoints, credentials_from(os.environ), writing)


def _access(endpoints: Endpoints, credentials: Credentials, writing: bool) -> Iterator[Access]:
    access = connect(endpoints, credentials, writing=writing)
    try:
        yield access
    finally:
        access.close()


@contextmanager
def _emulator(door: Door, manifest: Manifest) -> Iterator[tuple[Endpoints, Credentials]]:
    try:
        from flowdeck.emulator import Emulator, EmulatorError  # noqa: PLC0415 (an extra; only this service needs it)
    except ModuleNotFoundError as error:
        raise Invalid(
            Diagnostic(
                "emulator-missing",
                f"the emulator needs the package `{error.name}`",
                "pip install 'flowdeck[emulator]'",
            )
        ) from None
    if os.environ.get("CI"):
        door.warn([_IN_CI])
    try:
        emulator = Emulator(data=manifest.folder / ".flowdeck" / "emulator.db")
        emulator.start()
    except (EmulatorError, OSError) as error:
        raise Invalid(
            Diagnostic(
                "emulator-failed",
                f"the emulator does not start: {error}",
                "if its file is damaged or of another version, remove the folder .flowdeck beside flows.yaml",
            )
        ) from None
    with emulator:
        exported = emulator.environment()
        yield (
            Endpoints(
                flows=exported["GLOBUS_SDK_SERVICE_URL_FLOWS"],
                auth=exported["GLOBUS_SDK_SERVICE_URL_AUTH"],
                groups=exported["GLOBUS_SDK_SERVICE_URL_GROUPS"],
                name=EMULATOR,
            ),
            Credentials(exported["GLOBUS_CLI_CLIENT_ID"], exported["GLOBUS_CLI_CLIENT_SECRET"]),
        )


_IN_CI = Diagnostic(
    "emulator-in-ci",
    "this environment is on the emulator, whose flows end with this job",
    "set the environment's `service` to globus, or choose another with --env",
    severity=Severity.WARNING,
)
