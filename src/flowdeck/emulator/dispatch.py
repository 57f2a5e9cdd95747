"""From a request to the answer of its handler: the route, the caller, and one transaction around both."""

from collections.abc import Iterable, Mapping
from sqlite3 import Connection

from werkzeug.exceptions import ClientDisconnected, MethodNotAllowed, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request

from flowdeck.emulator import people
from flowdeck.emulator.exchange import NOBODY, Answer, Call, Caller
from flowdeck.emulator.refusals import Refusal
from flowdeck.emulator.routes import Route, service_of
from flowdeck.emulator.store import Store, read_settings

_NOW = float("inf")


class Dispatcher:
    """Answers requests from a store, and collects in `failures` what a handler raised that is no refusal."""

    def __init__(self, store: Store, routes: Iterable[Route], failures: list[Exception]) -> None:
        self._store, self._failures = store, failures
        rules = [Rule(route.path, endpoint=route, methods=[route.method]) for route in routes]
        self._map = Map(rules, strict_slashes=False, merge_slashes=False).bind("")

    def answer(self, request: Request, moment: float = _NOW) -> tuple[Answer, str | None]:
        """The answer, all effects of the request committed, and the id of the caller whom a token named.

        Lists show the flows as they were at `moment`, in seconds since the epoch.
        """
        service, caller = service_of(request.path), NOBODY
        try:
            route, arguments = self._match(request)
            service = route.service
            request.get_data()  # before the transaction, or a slow client would make all others wait
            # A lookup that may make identities, and a login, are the GETs that write.
            write = request.method != "GET" or route.writes or "provision" in request.args
            with self._store.transaction(write=write) as db:
                caller = _authenticated(db, request, route)
                answer = route.handler(_call(db, request, caller, arguments, moment))
        except Refusal as refusal:
            answer = refusal.answer(service)
        except RecursionError:
            answer = Refusal(400, "BAD_REQUEST", "The request body is nested too deeply").answer(service)
        except ClientDisconnected:  # in the middle of its body; nobody reads the answer
            answer = Refusal(400, "BAD_REQUEST", "The request body is not whole").answer(service)
        except Exception as error:
            self._failures.append(error)
            answer = Refusal(500, "INTERNAL_SERVER_ERROR", "Internal server error").answer(service)
        return answer, caller.identity or None

    def _match(self, request: Request) -> tuple[Route, Mapping[str, str]]:
        try:
            route, arguments = self._map.match(request.path, request.method)
        except MethodNotAllowed as error:
            allowed = ", ".join(sorted(error.valid_methods or ()))
            raise Refusal(405, "METHOD_NOT_ALLOWED", "Method not allowed", headers={"Allow": allowed}) from error
        except NotFound as error:
            raise Refusal(404, "NOT_FOUND", f"There is nothing at {request.path}") from error
        return route, arguments


def _authenticated(db: Connection, request: Request, route: Route) -> Caller:
    """Whoever the bearer token speaks for, once it is known to open the route; nobody, where none is asked for."""
    if not route.scopes:
        return NOBODY
    given = request.authorization
    token = people.token(db, given.token) if given and given.type == "bearer" and given.token else None
    if token is None and route.service == "flows":
        raise Refusal(401, "AUTHENTICATION_ERROR", "Expired or invalid Bearer token")
    if token is None:
        raise Refusal(401, "UNAUTHORIZED", "Call must be authenticated")
    caller = people.caller(db, token.identity, token.scope.split())
    if not caller.scopes & route.scopes:
        detail = f"The token has none of the scopes that this needs: {', '.join(sorted(route.scopes))}"
        raise Refusal(403, "MISSING_SCOPE" if route.service == "flows" else "FORBIDDEN", detail)
    return caller


def _call(db: Connection, request: Request, caller: Caller, arguments: Mapping[str, str], moment: float) -> Call:
    given = request.authorization
    return Call(
        db=db,
        settings=read_settings(db),
        caller=caller,
        arguments=arguments,
        query=dict(request.args.lists()),
        text=request.get_data(),
        form=request.form.to_dict(),
        credentials=(given.username or "", given.password or "") if given and given.type == "basic" else None,
        moment=moment,
    )
