"""What the made-up requests stand on."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fuzz.answers import described
from tests.fuzz.hospital import Hospital, open_hospital


@pytest.fixture
def hospital(transactional_db: None) -> Iterator[Hospital]:
    """With real commits: what only the end of a transaction refuses is refused here too."""
    with open_hospital() as opened:
        yield opened


@pytest.fixture
def operations(hospital: Hospital) -> list[Any]:
    """Everything that our OpenAPI document describes."""
    return described()
