"""What the tests of boards stand on."""

from collections.abc import Iterator

import pytest

from tests.ward import Ward, open_ward


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    """A hospital with two departments and a doctor in each, at this hour."""
    with open_ward(departments=2, doctors=2) as opened:
        opened.keep_real_time()
        yield opened
