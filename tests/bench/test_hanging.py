"""T13: a provider of text messages, or a disk, that hangs does not hold up the queue."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.notifications.models import Breaker, Message
from tests.bench.hanging import GOAL, measure, outsider
from tests.bench.recordings import Recordings
from tests.bench.served import web_process
from tests.ward import Ward, add_doctor, open_ward

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]


@pytest.fixture
def ward(transactional_db: None) -> Iterator[Ward]:
    """One department with three doctors."""
    with open_ward(doctors=1) as opened:
        for _ in range(2):
            add_doctor(opened, [opened.department])
        yield opened


def test_a_provider_of_text_messages_that_hangs_does_not_hold_up_the_queue(ward: Ward):
    with outsider() as provider:
        settings = {
            "OPD_SMS_ADAPTER": "apps.notifications.channels.http_sms.deliver",
            "OPD_SMS_URL": f"{provider.url}/send",
            "OPD_SMS_KEY": "key",
        }
        with web_process(settings, beside=[("manage.py", "relay")]) as web:
            ratios = measure(ward, web, provider, "the provider of text messages", Breaker.objects.all().delete)
    assert Message.outgoing.filter(status="sent").exists()
    assert max(ratios.values()) <= GOAL, ratios


def test_a_disk_with_recordings_that_hangs_does_not_hold_up_the_queue(ward: Ward, tmp_path: Path):
    recordings = Recordings(tmp_path)
    with web_process({"OPD_STATIC_ROOT": str(tmp_path)}) as web, recordings.fetched(web.port):
        ratios = measure(ward, web, recordings, "the disk with the recordings")
    assert recordings.answered
    assert max(ratios.values()) <= GOAL, ratios
