"""What the tests of accounts stand on."""

from datetime import datetime

import pytest
from django.utils import timezone

from apps.accounts import hashers
from apps.accounts.models import Staff
from tests import cast


@pytest.fixture
def now() -> datetime:
    """The present: what HTTP requests of a test live in, too."""
    return timezone.now()


@pytest.fixture
def meera(db: None) -> Staff:
    """Meera at the front desk."""
    return cast.meera()


@pytest.fixture
def farida(db: None) -> Staff:
    """Farida, who administers a hospital."""
    return cast.farida()


@pytest.fixture
def no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for their password to be hashed waits as long as it takes on this machine."""
    monkeypatch.setattr(hashers, "PATIENCE", 120)
