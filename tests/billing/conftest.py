"""The ledger is zero to the paisa, and agrees with the papers, after every test of money."""

from collections.abc import Iterator

import pytest
from django.db import connection

from apps.billing.queries.books import fault_in_books, gap_in_numbers
from tests.billing.till import Till, price, till_of
from tests.ward import open_ward


@pytest.fixture
def till(db: None) -> Iterator[Till]:
    """One department where a visit costs 500, a doctor, and a cashier."""
    with open_ward() as ward:
        price(ward)
        yield till_of(ward)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert fault_in_books([ward.facility.id]) == ""
        assert gap_in_numbers([ward.facility.id]) == ""
