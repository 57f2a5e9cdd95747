"""The pull requests of a job: the one that it plans, and the ones that its commit is the merge of."""

import re
import time
from collections.abc import Callable
from typing import Any

from forge import Forge
from step import Job, StepError

# GitHub links a fresh merge commit to its pull request a moment later.
_PAUSES = (2.0, 4.0, 8.0)


def outdated(forge: Forge, number: int, about: Job) -> str:
    """Why the plan of this job must not stand in the pull request any more; empty if it may.

    A job that is run again plans the commit that it planned before, whatever came since.
    """
    request = forge.get(f"/pulls/{number}")
    if request.get("merged_at"):
        return f"#{number} is merged by now, and a plan that was made after the merge was not reviewed"
    newest = str(request["head"]["sha"])
    return "" if newest == about.head else f"#{number} has a newer commit, {newest[:7]}, whose own job plans it"


def merged(forge: Forge, about: Job, sleep: Callable[[float], None] = time.sleep) -> list[dict[str, Any]]:
    """The pull requests whose merge the job's commit is, by their numbers; GitHub is asked again while it is none."""
    if not re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", about.commit):
        raise StepError("GITHUB_SHA is set by the runner: run this in GitHub Actions")
    found = _merged(forge, about)
    for pause in _PAUSES:
        if found:
            break
        sleep(pause)
        found = _merged(forge, about)
    return found


def _merged(forge: Forge, about: Job) -> list[dict[str, Any]]:
    """The pull requests of which this very commit is the merge, into this branch of this repository.

    GitHub names it in `merge_commit_sha`: the merge commit, the squashed one, or the last of those that were rebased.
    """
    found = [
        one
        for one in forge.every(f"/commits/{about.commit}/pulls")
        if one.get("merged_at")
        and one.get("merge_commit_sha") == about.commit
        and one["base"]["ref"] == about.branch
        and ((one["base"].get("repo") or {}).get("full_name") or about.repository) == about.repository
    ]
    return sorted(found, key=lambda one: int(one["number"]))
