"""What the queue's tests stand on."""

from collections.abc import Iterator

import pytest

from tests.ward import Ward, open_ward


@pytest.fixture
def ward(db: None) -> Iterator[Ward]:
    """A hospital with one department and Dr Rao."""
    with open_ward() as opened:
        yield opened
