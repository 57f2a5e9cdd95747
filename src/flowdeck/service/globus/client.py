"""The Reader and the Writer on globus-sdk's clients."""

import itertools
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from globus_sdk import (
    MISSING,
    GlobusAPIError,
    GlobusError,
    GlobusHTTPResponse,
)

from flowdeck.model.event import Retrying
from flowdeck.model.flow import FIELDS, Flow
from flowdeck.model.json_value import Json
from flowdeck.model.live import LiveFlow, Runs
from flowdeck.service import retry
from flowdeck.service.globus import people
from flowdeck.service.globus.access import Access
from flowdeck.service.globus.convert import body, live_flow, validated
from flowdeck.service.globus.errors import MALFORMED, outcome_of, problem_of, request_id, service_errors
from flowdeck.service.ports import Candidate, Done, Gone, Outcome, Problem, Validated

_PAGE = 100
# Without an explicit role filter the service lists only what the caller owns (its OpenAPI document).
_EVERY_ROLE = ("flow_owner", "flow_administrator", "flow_starter", "flow_viewer", "run_manager", "run_monitor")
_ADMINISTERING = ("flow_owner", "flow_administrator")
_RUN_ROLES = ("run_owner", "run_manager", "run_monitor", "flow_run_manager", "flow_run_monitor")
_ENDED = ("SUCCEEDED", "FAILED", "CANCELLED", "ENDED")


class GlobusReader:
    """ports.Reader; every request here may be repeated, and is."""

    def __init__(self, access: Access) -> None:
        self._access = access

    @property
    def identity(self) -> str:
        return self._access.identity

    @property
    def service(self) -> str:
        return self._access.endpoints.shown

    def marked(self, prefix: str) -> list[LiveFlow]:
        # The service's filter matches any part of any keyword; the exact match is ours to make.
        flows = self._list(_EVERY_ROLE, {"filter_keywords": prefix})
        return [flow for flow in flows if any(str(marker).startswith(prefix) for marker in flow.keywords.markers)]

    def administered(self) -> list[LiveFlow]:
        return self._list(_ADMINISTERING, {})

    def read(self, id: str) -> LiveFlow | Gone:
        with service_errors():
            try:
                return live_flow(self._asked(lambda: self._access.client.get_flow(id)).data)
            except GlobusAPIError as error:
                if problem_of(error).kind == "gone":
                    return Gone(id)
                raise

    def runs(self, id: str) -> Runs:
        with service_errors():
            pages = self._pages(
                lambda marker: self._access.client.list_runs(
                    filter_flow_id=id, filter_roles=_RUN_ROLES, marker=marker, query_params={"per_page": _PAGE}
                )
            )
            statuses = [run["status"] for page in pages for run in page["runs"]]
        return Runs(active=sum(status not in _ENDED for status in statuses), ever=len(statuses))

    def resolve(self, names: Collection[str]) -> dict[str, tuple[Candidate, ...]]:
        return people.resolve(self._access, names)

    def names(self, urns: Collection[str]) -> dict[str, str]:
        return people.names(self._access, urns)

    def validate(self, definition: Json, input_schema: Json) -> Validated | Problem:
        with service_errors():
            try:
                answer = self._asked(lambda: self._access.client.validate_flow(definition.value, input_schema.value))
                return validated(answer.data)
            except GlobusAPIError as error:
                problem = problem_of(error)
                if problem.kind == "invalid":
                    return problem
                raise

    def _list(self, roles: Sequence[str], query: dict[str, Any]) -> list[LiveFlow]:
        with service_errors():
            # By id: in another order a page can skip flows while somebody writes.
            pages = self._pages(
                lambda marker: self._access.client.list_flows(
                    filter_roles=roles, orderby="id ASC", marker=marker, query_params={"per_page": _PAGE, **query}
                )
            )
            documents = [document for page in pages for document in page["flows"]]
            return [self._whole(document) for document in documents]

    def _pages(self, ask: Callable[[Any], GlobusHTTPResponse]) -> Iterator[GlobusHTTPResponse]:
        """Every page, in their order; while one is looked at, the next is on its way."""
        page = self._asked(partial(ask, MISSING))
        if not page["has_next_page"]:
            yield page
            return
        ahead = ThreadPoolExecutor(1, thread_name_prefix="list")
        try:
            while page["has_next_page"]:
                following = ahead.submit(self._asked, partial(ask, page["marker"]))
                yield page
                page = following.result()
            yield page
        finally:
            # Who stops early, at a signal for example, does not wait for a page that nobody wants.
            ahead.shutdown(wait=False, cancel_futures=True)

    def _asked(self, ask: Callable[[], GlobusHTTPResponse]) -> GlobusHTTPResponse:
        """The answer, if need be to another try; raises what the last one raised."""
        began = time.monotonic()
        for attempt in itertools.count(1):
            try:
                return ask()
            except GlobusError as error:
                problem = problem_of(error)
                pause = retry.PATIENCE.pause(problem, attempt, time.monotonic() - began)
                if pause is None:
                    raise
                self._access.on_retry(Retrying("", problem.message, attempt, pause, problem.kind == "busy"))
                time.sleep(pause)
        raise AssertionError  # count() does not end

    def _whole(self, document: dict[str, Any]) -> LiveFlow:
        # A High Assurance flow comes without its definition in a list (the service's OpenAPI document).
        if document.get("definition") is not None:
            return live_flow(document)
        whole = self.read(document["id"])
        return live_flow(document) if isinstance(whole, Gone) else whole


class GlobusWriter:
    """ports.Writer: one request a call."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def create(self, flow: Flow, keywords: Sequence[str]) -> Outcome:
        # The creator becomes the owner, so `owner: self` holds by itself; the create endpoint does not take it.
        fields = [name for name in FIELDS if name != "owner" and not flow.normal(name).is_empty]
        sent = {"input_schema": {}, **self._body(flow, fields, keywords)}
        return self._sent(lambda: self._access.client.create_flow(**sent))

    def update(self, id: str, flow: Flow, fields: Collection[str], keywords: Sequence[str]) -> Outcome:
        return self._sent(lambda: self._access.client.update_flow(id, **self._body(flow, fields, keywords)))

    def delete(self, id: str) -> Outcome:
        return self._sent(lambda: self._access.client.delete_flow(id))

    def _sent(self, send: Callable[[], GlobusHTTPResponse]) -> Outcome:
        try:
            answer = send()
            return Done(live_flow(answer.data), request_id(answer.headers))
        except (GlobusError, *MALFORMED) as error:
            return outcome_of(error)

    def _body(self, flow: Flow, fields: Iterable[str], keywords: Sequence[str]) -> dict[str, Any]:
        return body(flow, list(fields), keywords, self._access.identity)
