"""The Reader and the Writer on globus-sdk's FlowsClient."""

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from globus_sdk import (
    AccessTokenAuthorizer,
    ConfidentialAppAuthClient,
    FlowsClient,
    GlobusAPIError,
    GlobusError,
    GlobusHTTPResponse,
)
from globus_sdk.scopes import FlowsScopes
from globus_sdk.transport import RetryConfig

from flowdeck.model.flow import FIELDS, Flow
from flowdeck.model.json_value import Json
from flowdeck.model.live import LiveFlow, Runs
from flowdeck.model.principal import IDENTITY
from flowdeck.service.globus.convert import body, live_flow
from flowdeck.service.globus.credentials import Credentials
from flowdeck.service.globus.endpoints import Endpoints
from flowdeck.service.globus.errors import MALFORMED, outcome_of, problem_of, service_errors
from flowdeck.service.ports import Done, Gone, Outcome, Problem

_APP_NAME = "flowdeck"
_PAGE = 100
# Without an explicit role filter the service lists only what the caller owns (its OpenAPI document).
_EVERY_ROLE = ("flow_owner", "flow_administrator", "flow_starter", "flow_viewer", "run_manager", "run_monitor")
_ADMINISTERING = ("flow_owner", "flow_administrator")
_RUN_ROLES = ("run_owner", "run_manager", "run_monitor", "flow_run_manager", "flow_run_monitor")
_ENDED = ("SUCCEEDED", "FAILED", "CANCELLED", "ENDED")

READ_SCOPES = (FlowsScopes.view_flows, FlowsScopes.run_status)
WRITE_SCOPES = (FlowsScopes.manage_flows,)


@dataclass(frozen=True)
class Access:
    """A token for one identity at one service; the clients made from it are closed with it."""

    endpoints: Endpoints
    identity: str
    token: str = field(repr=False)
    _local: threading.local = field(default_factory=threading.local, repr=False, compare=False)
    _opened: list[FlowsClient] = field(default_factory=list, repr=False, compare=False)

    def client(self, *, retries: int) -> FlowsClient:
        """The calling thread's client with that many SDK retries; a requests session is not for several threads."""
        clients: dict[int, FlowsClient] = self._local.__dict__.setdefault("clients", {})
        if retries not in clients:
            clients[retries] = FlowsClient(
                base_url=self.endpoints.flows,
                authorizer=AccessTokenAuthorizer(self.token),
                app_name=_APP_NAME,
                retry_config=RetryConfig(max_retries=retries),
            )
            if self.endpoints.is_local:
                clients[retries].transport.session.trust_env = False
            self._opened.append(clients[retries])
        return clients[retries]

    def close(self) -> None:
        """Close the connections of every thread."""
        for client in self._opened:
            client.close()


def connect(endpoints: Endpoints, credentials: Credentials, *, writing: bool) -> Access:
    """Get a token with exactly the scopes needed, kept in memory only.

    Raises ServiceError: `bad-credentials`, `service-unreachable` or `service-failed`.
    """
    scopes = READ_SCOPES + (WRITE_SCOPES if writing else ())
    with (
        service_errors(),
        ConfidentialAppAuthClient(
            credentials.client_id, credentials.client_secret, base_url=endpoints.auth, app_name=_APP_NAME
        ) as auth,
    ):
        if endpoints.is_local:
            auth.transport.session.trust_env = False
        tokens = auth.oauth2_client_credentials_tokens(requested_scopes=list(scopes))
        token = tokens.by_resource_server[FlowsClient.resource_server]["access_token"]
    # A client identity is a principal under its own client id (Globus Auth documentation).
    return Access(endpoints, f"{IDENTITY}{credentials.client_id.lower()}", token)


class GlobusReader:
    """ports.Reader; the SDK's retries are on, for every request here may be repeated."""

    _RETRIES = 5

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def identity(self) -> str:
        return self._access.identity

    @property
    def service(self) -> str:
        return self._access.endpoints.shown

    @property
    def _client(self) -> FlowsClient:
        return self._access.client(retries=self._RETRIES)

    def marked(self, prefix: str) -> list[LiveFlow]:
        # The service's filter matches any part of any keyword; the exact match is ours to make.
        flows = self._list(_EVERY_ROLE, {"filter_keywords": prefix})
        return [flow for flow in flows if any(str(marker).startswith(prefix) for marker in flow.keywords.markers)]

    def administered(self) -> list[LiveFlow]:
        return self._list(_ADMINISTERING, {})

    def read(self, id: str) -> LiveFlow | Gone:
        with service_errors():
            try:
                return live_flow(self._client.get_flow(id).data)
            except GlobusAPIError as error:
                if problem_of(error).kind == "gone":
                    return Gone(id)
                raise

    def runs(self, id: str) -> Runs:
        with service_errors():
            pages = self._client.paginated.list_runs(
                filter_flow_id=id, filter_roles=_RUN_ROLES, query_params={"per_page": _PAGE}
            )
            statuses = [run["status"] for page in pages for run in page["runs"]]
        return Runs(active=sum(status not in _ENDED for status in statuses), ever=len(statuses))

    def validate(self, definition: Json, input_schema: Json) -> Problem | None:
        with service_errors():
            try:
                self._client.validate_flow(definition.value, input_schema.value)
            except GlobusAPIError as error:
                problem = problem_of(error)
                if problem.kind == "invalid":
                    return problem
                raise
        return None

    def _list(self, roles: Sequence[str], query: dict[str, Any]) -> list[LiveFlow]:
        with service_errors():
            # By id: in another order a page can skip flows while somebody writes.
            pages = self._client.paginated.list_flows(
                filter_roles=roles, orderby="id ASC", query_params={"per_page": _PAGE, **query}
            )
            documents = [document for page in pages for document in page["flows"]]
            return [self._whole(document) for document in documents]

    def _whole(self, document: dict[str, Any]) -> LiveFlow:
        # A High Assurance flow comes without its definition in a list (the service's OpenAPI document).
        if document.get("definition") is not None:
            return live_flow(document)
        whole = self.read(document["id"])
        return live_flow(document) if isinstance(whole, Gone) else whole


class GlobusWriter:
    """ports.Writer. The SDK would retry every method, POST included, and so make a flow twice: its retries are off."""

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def _client(self) -> FlowsClient:
        return self._access.client(retries=0)

    def create(self, flow: Flow, keywords: Sequence[str]) -> Outcome:
        # The creator becomes the owner, so `owner: self` holds by itself; the create endpoint does not take it.
        fields = [name for name in FIELDS if name != "owner" and not flow.normal(name).is_empty]
        sent = {"input_schema": {}, **self._body(flow, fields, keywords)}
        return self._sent(lambda: self._client.create_flow(**sent))

    def update(self, id: str, flow: Flow, fields: Collection[str], keywords: Sequence[str]) -> Outcome:
        return self._sent(lambda: self._client.update_flow(id, **self._body(flow, fields, keywords)))

    def delete(self, id: str) -> Outcome:
        return self._sent(lambda: self._client.delete_flow(id))

    def _sent(self, send: Callable[[], GlobusHTTPResponse]) -> Outcome:
        try:
            return Done(live_flow(send().data))
        except (GlobusError, *MALFORMED) as error:
            return outcome_of(error)

    def _body(self, flow: Flow, fields: Iterable[str], keywords: Sequence[str]) -> dict[str, Any]:
        return body(flow, list(fields), keywords, self._access.identity)
