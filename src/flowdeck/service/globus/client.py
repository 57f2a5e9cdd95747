"""The Reader and the Writer on globus-sdk's clients."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from globus_sdk import (
    FlowsClient,
    GlobusAPIError,
    GlobusError,
    GlobusHTTPResponse,
)

from flowdeck.model.flow import FIELDS, Flow
from flowdeck.model.json_value import Json
from flowdeck.model.live import LiveFlow, Runs
from flowdeck.service.globus import people
from flowdeck.service.globus.access import Access
from flowdeck.service.globus.convert import body, live_flow
from flowdeck.service.globus.errors import MALFORMED, outcome_of, problem_of, service_errors
from flowdeck.service.ports import Candidate, Done, Gone, Outcome, Problem

_PAGE = 100
# Without an explicit role filter the service lists only what the caller owns (its OpenAPI document).
_EVERY_ROLE = ("flow_owner", "flow_administrator", "flow_starter", "flow_viewer", "run_manager", "run_monitor")
_ADMINISTERING = ("flow_owner", "flow_administrator")
_RUN_ROLES = ("run_owner", "run_manager", "run_monitor", "flow_run_manager", "flow_run_monitor")
_ENDED = ("SUCCEEDED", "FAILED", "CANCELLED", "ENDED")


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

    def resolve(self, names: Collection[str]) -> dict[str, tuple[Candidate, ...]]:
        return people.resolve(self._access, names)

    def names(self, urns: Collection[str]) -> dict[str, str]:
        return people.names(self._access, urns)

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
