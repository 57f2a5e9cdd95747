"""The action's comments, as tests look at them."""

import marker

from .github import GitHub


def record(body: str) -> marker.Record:
    """The hidden line of a comment."""
    found = marker.read(body)
    assert found, body
    return found


def only(github: GitHub, number: int) -> str:
    """The action's one comment on a pull request."""
    (body,) = github.bodies(number)
    return body
