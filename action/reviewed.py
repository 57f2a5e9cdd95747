"""Which plan was reviewed: from the commit to its pull request, to our comment there, and to its digest."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from comment import APPLIED, OUTLINE, ours
from forge import Forge, connect
from marker import PLANNED, Record
from pulls import merged
from step import DONE, Inputs, Job, annotate, document, ended, folder, inputs, job

# No plan has this digest, so flowdeck applies nothing, unless there is nothing to apply.
NOTHING_REVIEWED = "0" * 64
_DIGITS = 7


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What was reviewed; without a digest, `why` says in a sentence why there is none."""

    digest: str = ""
    pull_request: int | None = None
    why: str = ""


def main(environment: Mapping[str, str]) -> int:
    """Find it, and write what `flowdeck apply --expect` shall get into the folder."""
    given, about, where = inputs(environment), job(environment), folder(environment)
    found, record = (Reviewed(given.digest), None) if given.digest else search(connect(environment), given, about)
    if record and (plan := usable(record)):
        (where / "expected.json").write_text(plan, encoding="utf-8")
    (where / "reviewed.json").write_text(json.dumps(asdict(found)), encoding="utf-8")
    if found.why:
        annotate("notice", f"There is no reviewed plan to apply: {found.why}.")
    else:
        print(f"Reviewed: {found.digest[:12]}" + (f", in #{found.pull_request}" if found.pull_request else ""))
    return DONE


def search(
    forge: Forge, given: Inputs, about: Job, sleep: Callable[[float], None] = time.sleep
) -> tuple[Reviewed, Record | None]:
    """The plan that was reviewed in the pull request which brought the job's commit to the job's branch."""
    requests, short = merged(forge, about, sleep), about.commit[:_DIGITS]
    if not requests:
        why = f"no pull request was merged into {about.branch} as {short}, so it was pushed directly"
        return Reviewed(why=why), None
    if len(requests) > 1:
        numbers = ", ".join(f"#{one['number']}" for one in requests)
        return Reviewed(why=f"several pull requests were merged into {about.branch} as {short}: {numbers}"), None
    number, head = int(requests[0]["number"]), str(requests[0]["head"]["sha"])
    comments = ours(forge, number, given)
    record = comments[-1].record if comments else None
    if record is None or not record.digest:
        why = f"#{number} has no plan of {given.environment} by {given.author}; a fork's pull request never has one"
        return Reviewed(pull_request=number, why=why), None
    if why := _refusal(record, number, head):
        return Reviewed(pull_request=number, why=why), None
    return Reviewed(record.digest, number), record


def _refusal(record: Record, number: int, head: str) -> str:
    """Why the plan of our comment is not the one to apply after this merge; empty if it is."""
    if record.commit != head:
        shown = record.commit[:_DIGITS] or "none"
        return f"#{number} was merged with commit {head[:_DIGITS]}, and its last plan is of {shown}"
    if record.state == APPLIED:
        return f"the plan of #{number} was applied already, and what was changed since is not part of it"
    return ""


def usable(record: Record) -> str:
    """The plan document to give to flowdeck, empty if the digest does better.

    From an outline flowdeck would tell wrong differences. But it recognises by it the rest of what was begun.
    """
    is_outline = bool(record.plan) and OUTLINE in json.loads(record.plan)
    return "" if is_outline and record.state == PLANNED else record.plan


def expected(environment: Mapping[str, str]) -> str:
    """What to give to `--expect`: a file, a digest, or one that no plan has."""
    file = folder(environment) / "expected.json"
    if file.exists():
        return str(file)
    return str(document(folder(environment) / "reviewed.json").get("digest") or NOTHING_REVIEWED)


if __name__ == "__main__":
    ended(main)
