"""Reach the service of an environment: Globus, a URL, or the embedded emulator for the length of a command."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flowdeck.cli.door import Door
from flowdeck.cli.progress import progress
from flowdeck.cli.project import opened
from flowdeck.model.diagnostic import Diagnostic, Severity
from flowdeck.model.errors import Invalid
from flowdeck.model.event import Retrying
from flowdeck.model.manifest import EMULATOR, GLOBUS, Manifest
from flowdeck.service.globus import (
    Access,
    AnyCredentials,
    Credentials,
    Endpoints,
    connect,
    credentials_from,
    endpoints_for,
)


@contextmanager
def connection(
    door: Door, manifest: Manifest, *, writing: bool = False, on_retry: Callable[[Retrying], None] = lambda _: None
) -> Iterator[Access]:
    """Access to the environment's service, closed afterwards, with scopes for reading, or for writing too.

    Names are looked up at Auth and Groups, in the manifest as for what plans show. `on_retry` hears of each request
    that is sent again, beside whoever looks on.
    """
    tell = progress(door)

    def heard(event: Retrying) -> None:
        tell(event)
        on_retry(event)

    with reached(door, manifest) as (endpoints, credentials):
        access = connect(endpoints, credentials, writing=writing, people=True, on_retry=heard)
        try:
            yield access
        finally:
            access.close()


@contextmanager
def reached(door: Door, manifest: Manifest | None) -> Iterator[tuple[Endpoints, AnyCredentials]]:
    """Where the environment's service is, Globus without a manifest, and the credentials in use there."""
    if manifest is not None and manifest.service == EMULATOR:
        with _emulator(door, manifest) as found:
            yield found
    else:
        yield endpoints_for(manifest.service if manifest else GLOBUS, os.environ), credentials_from(os.environ)


def manifest_if_any(door: Door) -> Manifest | None:
    """The manifest; None where there is none and none was asked for: who logs in need not have a project yet."""
    try:
        return opened(door, definitions=False).manifest
    except Invalid as error:
        asked = door.file or door.environment or os.environ.get("FLOWDECK_FILE")
        if asked or [one.code for one in error.diagnostics] != ["manifest-not-found"]:
            raise
        return None


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
