"""The plan as one page that needs nothing else: no network, no script; for a screen, a phone and paper."""

import base64
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from flowdeck.model.diagnostic import Diagnostics
from flowdeck.model.plan import Plan
from flowdeck.model.risk import Level, Risk
from flowdeck.model.step import Delete, Replace, Withdraw
from flowdeck.render import review
from flowdeck.render.change_lines import redrawn, step_lines
from flowdeck.render.html_elements import Markup, Row, element, joined, sentence, table
from flowdeck.render.html_graph import figure
from flowdeck.render.lines import Line, Sign
from flowdeck.render.names import EVERYBODY, Names, id_in, kind_of, role_words, with_names
from flowdeck.render.review import SYMBOLS, Access, Told
from flowdeck.render.sides import WHOLE
from flowdeck.render.values import count

_CSS = Path(__file__).with_name("page.css")
_CLASSES = {Sign.ADDED: "added", Sign.REMOVED: "removed", Sign.CHANGED: "changed", Sign.NONE: "head"}
# Plans of so few flows are read without a click.
_FEW = 3
_LIST = 8
# Graphviz takes its time for each.
_MOST_DRAWN = 40


def plan(shown: Plan, next_command: str = "") -> str:
    """The whole plan; `next_command` is what applies exactly it."""
    title = f"{shown.project} / {shown.environment}"
    style = Markup(_CSS.read_text(encoding="utf-8"))
    allowed = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"Plan of {title}"),
        element("style", style),
    )
    parts = (
        [_top(shown, title), *_sections(shown), _end(shown, next_command)] if shown.steps else [_nothing(shown, title)]
    )
    return f"<!doctype html>\n{element('html', head, element('body', joined(parts, chr(10))), lang='en')}"


def _top(shown: Plan, title: str) -> Markup:
    blocked = shown.summary["blocked"]
    said = [
        ", ".join(review.counts(shown)),
        *([", ", element("span", f"{blocked} blocked", class_="blocked")] if blocked else []),
    ]
    facts = (
        element("li", element("span", name), value or "none", class_="some" if value else "none")
        for name, value in review.facts(shown).items()
    )
    return element(
        "header",
        element("p", f"{title} on ", element("code", shown.service), f", {shown.unchanged} unchanged", class_="where"),
        element("h1", *said),
        element("ul", *facts, class_="facts"),
    )


def _nothing(shown: Plan, title: str) -> Markup:
    left = f" {count(shown.withheld, 'delete')} left for another time." if shown.withheld else ""
    said = element("p", f"{title} on {shown.service}: {count(shown.unchanged, 'flow')} as declared.{left}")
    return joined([element("h1", "No changes"), said])


def _sections(shown: Plan) -> Iterator[Markup]:
    if blocked := review.told(shown, Level.BLOCK):
        yield _blocked(blocked)
    warned = review.told(shown, Level.WARN)
    if goes := review.gone(shown):
        running = {address: one for one in warned if one.code == review.RUNS for address in one.addresses}
        names = (element("li", *_goes(step, running.get(step.address))) for step in goes)
        title = f"Deletes {count(len(goes), 'flow')}, for good, with id and scope"
        yield _section(title, element("ul", *names, class_="many" if len(goes) > _LIST else "few"))
    if accesses := review.access(shown):
        rows: Iterable[Row] = (("gains" if one.gains else "loses", _cells(one, shown.names)) for one in accesses)
        yield _section("Access", table(("access", "who", "role", "on", "granted by"), rows))
    if looked := [one for one in warned if one.code not in (*review.ABOUT_ACCESS, review.RUNS)]:
        rows = (("warn", (_code(one.code), _on(one), sentence(one.message))) for one in looked)
        yield _section("Look at", table(("risk", "on", "why"), rows))
    yield _section("Flows", *_flows(shown))
    if shown.diagnostics:
        yield _section("Remarks on the manifest", _remarks(shown.diagnostics))


def _blocked(risks: Sequence[Told]) -> Markup:
    rows = (
        ("block", (_code(one.code), _on(one), sentence(one.message), sentence(one.marked_way_out))) for one in risks
    )
    said = element("p", "Apply refuses this plan until each of these is dealt with or allowed.")
    listed = table(("risk", "on", "why", "to go on"), rows)
    return element("section", element("h2", "Blocked"), said, listed, class_="stop")


def _section(title: str, *inside: Markup) -> Markup:
    return element("section", element("h2", title), *inside)


def _end(shown: Plan, next_command: str) -> Markup:
    digest = element("p", "Digest of the whole plan: ", _code(shown.digest))
    if not next_command:
        return element("footer", digest)
    blocked = ", once nothing blocks it or each risk has its --allow" if shown.summary["blocked"] else ""
    return element(
        "footer", digest, element("p", f"To apply exactly this plan{blocked}:"), element("pre", next_command)
    )


def _code(text: str) -> Markup:
    return element("code", text)


def _links(addresses: Sequence[str]) -> Markup:
    return joined((element("a", one, href=f"#{one}") for one in addresses), ", ")


def _on(risk: Told) -> str:
    return "the whole plan" if risk.is_of_plan else _links(risk.addresses)


def _goes(step: Delete | Withdraw | Replace, risk: Told | None) -> Iterator[Markup]:
    yield _links((step.address,))
    match step:
        case Withdraw():
            yield joined([f", a second flow of this address; {step.keeps} stays"])
        case Replace():
            yield joined([", in whose place a new flow comes"])
        case Delete():
            pass
    if risk:
        yield joined([", ", element("strong", sentence(risk.message))])


def _cells(one: Access, names: Names) -> Iterator[str]:
    yield "gains" if one.gains else "loses"
    if one.principal in EVERYBODY:
        yield joined([element("strong", EVERYBODY[one.principal]), " ", element("small", one.principal)])
    elif one.principal in names:
        id = element("small", f"{kind_of(one.principal)} {id_in(one.principal)}")
        yield joined([names[one.principal], " ", id])
    else:
        yield _code(one.principal)
    yield role_words(one.role)
    yield _links(one.addresses)
    by: list[str] = []
    if one.grant:
        place = f" {one.grant.place.file}:{one.grant.place.line}" if one.grant.place else ""
        by += [one.grant.permission_set or "its own entry", element("small", place)]
    yield joined([*by, *([", "] if by and one.outside else []), one.outside])


# --- flows


def _flows(shown: Plan) -> Iterator[Markup]:
    left = _MOST_DRAWN
    for step in shown.steps:
        inside: list[Markup] = [element("ul", *map(_line, step_lines(step, shown.names, WHOLE)), class_="lines")]
        if step.risks:
            inside.append(element("ul", *(_risk(one, shown.names) for one in step.risks), class_="risks"))
        drawn = redrawn(step)
        if drawn:
            inside.append(figure(drawn, step.address, drawn=left > 0))
            left -= 1
        opened = {"open": ""} if step.blocked or len(shown.steps) <= _FEW else {}
        about = ", ".join(review.changed_fields(step))
        summary = element(
            "summary",
            element("b", f"{SYMBOLS[step.action]} {step.address}"),
            f" {about}",
            element("small", review.about(step)),
        )
        yield element("details", summary, element("div", *inside, class_="inside"), id=step.address, **opened)


def _line(line: Line) -> Markup:
    sign = f"{line.sign}\u00a0" if line.sign else ""  # which stays with the word behind it
    parts: list[str] = [element("b", sign)] if sign else []
    if line.label:
        parts.append(f"{line.label}: ")
    if line.was:
        parts += [element("del", line.was), " -> ", element("ins", line.text)]
    else:
        parts.append(line.text)
    if line.note:
        parts += [" ", element("i", line.note)]
    return element("li", *parts, class_=f"{_CLASSES[line.sign]} in-{min(line.depth, 2)}")


def _risk(risk: Risk, names: Names) -> Markup:
    return element(
        "li",
        element("b", f"{risk.level} "),
        _code(risk.code),
        ": ",
        sentence(with_names(risk.message, names)),
        class_=risk.level.value,
    )


def _remarks(found: Diagnostics) -> Markup:
    items = []
    for one in found:
        where = f" at {one.place}" if one.place else f" in {one.address}" if one.address else ""
        hint = [" ", element("i", sentence(one.hint))] if one.hint else []
        items.append(
            element("li", element("b", f"{one.severity} "), _code(one.code), f"{where}: ", sentence(one.message), *hint)
        )
    return element("ul", *items, class_="risks")
