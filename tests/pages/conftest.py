"""A hospital whose pages are read."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from tests.bookings import noon
from tests.ward import Ward, open_ward


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    """A hospital with a hall, at noon of today."""
    with open_ward(departments=2, doctors=2) as opened:
        opened.now = timezone.now()
        noon(opened)
        yield opened
