"""Groups and subscriptions as the caller sees them."""

import globus_sdk
import pytest
from globus_sdk.scopes import GroupsScopes

from .conftest import GROUP, SUBSCRIPTIONS, Wire

OPEN_GROUP = "96005000-0dcd-4ec0-8000-000000000006"  # of the default seed


def test_my_groups(wire: Wire) -> None:
    """One's groups are those of active membership, the groups of one's subscriptions among them."""
    assert sorted(group["name"] for group in wire.groups("dan").get_my_groups()) == ["crew", "first", "second"]
    assert [group["name"] for group in wire.groups("amy").get_my_groups()] == ["first"]
    assert list(wire.groups("ben").get_my_groups()) == []


def test_statuses(wire: Wire) -> None:
    """Other memberships are listed when their status is asked for."""
    [invited] = wire.groups("ben").get_my_groups(statuses=["invited", "pending"])
    assert (invited["id"], invited["my_memberships"][0]["status"]) == (GROUP, "invited")


def test_strangers(wire: Wire) -> None:
    """A private group is 403 to a stranger, an unknown one 404, and both name a request."""
    for group, status in ((GROUP, 403), (SUBSCRIPTIONS[0], 404)):
        with pytest.raises(globus_sdk.GroupsAPIError) as refused:
            wire.groups("cy").get_group(group)
        assert refused.value.http_status == status
        assert refused.value.request_id


def test_open_groups(wire: Wire) -> None:
    """A group of visibility `authenticated` is visible to everybody."""
    group = wire.groups("cy").get_group(OPEN_GROUP)
    assert (group["name"], group["my_memberships"]) == ("data-curators", [])


def test_subscription(wire: Wire) -> None:
    """A subscription leads to its group, and the group back to it."""
    client = wire.groups("cy")
    found = client.get_group_by_subscription_id(SUBSCRIPTIONS[0])
    assert wire.groups("amy").get_group(found["group_id"])["subscription_id"] == SUBSCRIPTIONS[0]
    with pytest.raises(globus_sdk.GroupsAPIError) as refused:
        client.get_group_by_subscription_id(GROUP)
    assert refused.value.http_status == 404


def test_scope(wire: Wire) -> None:
    """Reading groups takes one of two scopes."""
    wire.groups(scope=str(GroupsScopes.view_my_groups_and_memberships)).get_my_groups()
    with pytest.raises(globus_sdk.GroupsAPIError) as refused:
        wire.groups(scope="openid").get_my_groups()
    assert refused.value.http_status == 403
