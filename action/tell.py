"""The last step: tell the job's summary, the pull request or the issue what flowdeck found or did."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import comment
import drift
import markdown
import result
from forge import FORBIDDEN, ForgeError, connect
from marker import PLANNED, UNPLANNED, Record
from pulls import outdated
from start import CODE, LOG, PLAN, WORDS
from step import DONE, DRIFTED, FAILED, INTERRUPTED, Inputs, Job, annotate, document, ended, folder, inputs, job
from summary import write_outputs, write_summary

_COMMIT_DIGITS = 12


def main(environment: Mapping[str, str]) -> int:
    """Tell it, first where no network is needed. That flowdeck failed, the step before has said: this one ends well."""
    given, where = inputs(environment), folder(environment)
    code = exit_code(where, environment.get("FLOWDECK_ACTION_OUTCOME", ""))
    outputs = {"exit-code": "" if code is None else str(code), "digest": "", "changes": "", "log": ""}
    match given.command:
        case "plan":
            _plan(environment, given, code, outputs)
        case "apply":
            _apply(environment, given, code, outputs)
        case "drift":
            _drift(environment, given, code, outputs)
        case _:
            write_outputs(environment, outputs)
    return DONE


def exit_code(where: Path, outcome: str) -> int | None:
    """The exit code of flowdeck; None if it was killed. Of an apply that was interrupted, only its log has it."""
    try:
        return int((where / CODE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        logged = result.log(where / LOG)
    if logged:  # an apply that had begun, and that was killed if the log has no end
        ended_with = logged.get("exit_code")
        return ended_with if isinstance(ended_with, int) else None
    return {"skipped": FAILED, "cancelled": INTERRUPTED}.get(outcome)


def _plan(environment: Mapping[str, str], given: Inputs, code: int | None, outputs: dict[str, str]) -> None:
    about, where = job(environment), folder(environment)
    plan, words = document(where / PLAN), _words(where)
    if code == DONE:
        outputs |= _of_plan(plan["digest"], plan["changes"])
        text = json.dumps(plan, separators=(",", ":"))
        record = Record("plan", given.path, given.environment, PLANNED, plan["digest"], about.head, text)
        opens = bool(plan["changes"])
    else:
        record, opens = Record("plan", given.path, given.environment, UNPLANNED, commit=about.head), True
        words = words or f"**No plan**: `{given.environment}` could not be planned; the log says why."
    words += f"\n\n{_origin(about)}"
    write_outputs(environment, outputs)
    write_summary(environment, words)
    # A job that was cancelled made room for another one, whose plan stands there already, or soon.
    if given.comment and code != INTERRUPTED:
        _show_plan(environment, given, about, record, words, opens=opens)


def _show_plan(
    environment: Mapping[str, str], given: Inputs, about: Job, record: Record, text: str, *, opens: bool
) -> None:
    """Bring the comment up to date, if there is a pull request; where it must stay, say so, and do not fail."""
    number = about.pull_request
    if number is None:
        return
    forge = connect(environment)
    try:
        if why := outdated(forge, number, about):
            annotate("warning", f"The comment stays as it is: {why}.")
        else:
            comment.keep(forge, number, given, record, text, opens=opens)
    except ForgeError as error:
        if not (about.is_fork and error.status == FORBIDDEN):
            raise
        annotate(
            "warning",
            "A fork's job may not write comments: the plan stands in the job's summary only. It is no review, so "
            "what is merged from here is not applied.",
        )


def _apply(environment: Mapping[str, str], given: Inputs, code: int | None, outputs: dict[str, str]) -> None:
    about, where = job(environment), folder(environment)
    logged, reviewed = result.log(where / LOG), document(where / "reviewed.json")
    told = result.told(code, logged, _words(where), str(reviewed.get("why", "")), given.environment)
    text = f"{told.text}\n\n{_origin(about)}"
    if logged:
        outputs["log"] = str(where / LOG)
    if logged.get("digest"):
        outputs |= _of_plan(logged["digest"], not told.is_nothing)
    write_outputs(environment, outputs)
    write_summary(environment, text)
    number = reviewed.get("pull_request")
    if not given.comment or number is None:
        return
    forge = connect(environment)
    earlier = comment.ours(forge, number, given)
    if earlier:
        last = earlier[-1].record
        if last.state != comment.APPLIED:  # one that was applied has its result, whatever a second run says
            comment.conclude(forge, number, given, replace(last, state=told.state), text)
    elif not told.is_nothing:
        record = Record("plan", given.path, given.environment, told.state)
        comment.keep(forge, number, given, record, text, opens=True)


def _drift(environment: Mapping[str, str], given: Inputs, code: int | None, outputs: dict[str, str]) -> None:
    drifted, is_known = code == DRIFTED, code in (DONE, DRIFTED)
    words = _words(folder(environment)) or f"**Drift unknown**: `{given.environment}`; the log says why."
    text = f"{words}\n\n{_origin(job(environment))}"
    outputs["changes"] = str(drifted).lower() if is_known else ""
    write_outputs(environment, outputs)
    write_summary(environment, text)
    if given.comment and is_known:
        drift.keep(connect(environment), given, text, drifted=drifted)


def _of_plan(digest: str, changes: object) -> dict[str, str]:
    return {"digest": digest, "changes": str(bool(changes)).lower()}


def _origin(about: Job) -> str:
    """Where it comes from. Nothing of it was written by a person."""
    return f"---\nCommit {(about.head or about.commit)[:_COMMIT_DIGITS]} · [job]({about.url})\n"


def _words(where: Path) -> str:
    path = where / WORDS
    return markdown.tame(path.read_text(encoding="utf-8")) if path.exists() else ""


if __name__ == "__main__":
    ended(main)
