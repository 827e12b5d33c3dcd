import pytest
from django.test import RequestFactory

from apps.core.addresses import UNKNOWN, address_of, client_address

ASKED = RequestFactory().get(
    "/",
    REMOTE_ADDR="192.0.2.1",
    headers={
        "X-Forwarded-For": "203.0.113.9, 198.51.100.7",
        "X-Real-IP": "203.0.113.8",
        "Forwarded": "for=203.0.113.7",
    },
)


def test_without_proxies_of_our_own_no_header_says_where_somebody_is():
    assert address_of(ASKED) == "192.0.2.1"


@pytest.mark.parametrize(("proxies", "address"), [(1, "198.51.100.7"), (2, "203.0.113.9")])
def test_as_many_hops_are_believed_as_there_are_proxies(settings, proxies, address):
    settings.PROXIES = proxies
    assert address_of(ASKED) == address


def test_what_a_client_writes_in_front_changes_nothing():
    told = {client_address("10.0.0.1", f"{written}, 203.0.113.9", 1) for written in ("1.1.1.1", "2.2.2.2", "x, y,", "")}
    assert told == {"203.0.113.9"}


@pytest.mark.parametrize("forwarded", ["", "nonsense", "203.0.113.9", ", ,"])
def test_a_list_that_is_too_short_or_no_list_of_addresses_is_not_believed(forwarded):
    assert client_address("10.0.0.1", forwarded, 2) == "10.0.0.1"


@pytest.mark.parametrize(
    ("remote", "address"), [("::ffff:192.0.2.1", "192.0.2.1"), ("2001:DB8:0::1", "2001:db8::1"), ("", UNKNOWN)]
)
def test_an_address_has_one_spelling(remote, address):
    assert client_address(remote, "", 0) == address
