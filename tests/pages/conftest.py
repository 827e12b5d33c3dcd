"""A hospital whose pages are read."""

from collections.abc import Iterator

import pytest

from tests.ward import Ward, open_ward


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    """A hospital with a hall, at noon of today."""
    with open_ward(departments=2, doctors=2) as opened:
        opened.keep_real_time()
        yield opened
