"""Which plan was reviewed: from the commit to its pull request, to our comment there, and to its digest."""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from comment import OUTLINE, ours
from forge import Forge, connect
from marker import PLANNED, Record
from step import DONE, Inputs, Job, StepError, annotate, document, ended, folder, inputs, job

# GitHub links a fresh merge commit to its pull request a moment later.
_PAUSES = (2.0, 4.0, 8.0)
# No plan has this digest, so flowdeck applies nothing, unless there is nothing to apply.
NOTHING_REVIEWED = "0" * 64


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
        annotate("warning", f"No plan was reviewed: {found.why}.")
    else:
        print(f"Reviewed: {found.digest[:12]}" + (f", in #{found.pull_request}" if found.pull_request else ""))
    return DONE


def search(
    forge: Forge, given: Inputs, about: Job, sleep: Callable[[float], None] = time.sleep
) -> tuple[Reviewed, Record | None]:
    """The plan that was reviewed in the pull request which brought the job's commit to the job's branch."""
    if not re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", about.commit):
        raise StepError("GITHUB_SHA is set by the runner: run this in GitHub Actions")
    short = about.commit[:7]
    requests = _merged(forge, about)
    for pause in _PAUSES:
        if requests:
            break
        sleep(pause)
        requests = _merged(forge, about)
    if not requests:
        return Reviewed(
            why=f"no pull request was merged into {about.branch} as {short}, so it was pushed directly"
        ), None
    if len(requests) > 1:
        numbers = ", ".join(f"#{one}" for one in requests)
        return Reviewed(why=f"several pull requests were merged into {about.branch} as {short}: {numbers}"), None
    number = requests[0]
    comments = ours(forge, number, given)
    record = comments[-1].record if comments else None
    if record is None or not record.digest:
        why = f"#{number} has no plan of {given.environment} by {given.author}; a fork's pull request never has one"
        return Reviewed(pull_request=number, why=why), None
    return Reviewed(record.digest, number), record


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


def _merged(forge: Forge, about: Job) -> list[int]:
    """The pull requests of which this very commit is the merge, into this branch of this repository.

    GitHub names it in `merge_commit_sha`: the merge commit, the squashed one, or the last of those that were rebased.
    """
    return sorted(
        one["number"]
        for one in forge.every(f"/commits/{about.commit}/pulls")
        if one.get("merged_at")
        and one.get("merge_commit_sha") == about.commit
        and one["base"]["ref"] == about.branch
        and ((one["base"].get("repo") or {}).get("full_name") or about.repository) == about.repository
    )


if __name__ == "__main__":
    ended(main)
