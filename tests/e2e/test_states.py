"""Nothing keeps anybody from using a page in any of its states: axe reads each as its matter goes on."""

from typing import Any

import pytest

from tests.e2e.glass import Glasses, against, is_page
from tests.e2e.stages import STAGES
from tests.matrix.cells import told
from tests.ward import open_ward

pytestmark = [pytest.mark.browser, pytest.mark.django_db, pytest.mark.timeout(600)]

LANGUAGES = ["en", pytest.param("hi", marks=pytest.mark.proof), pytest.param("ta", marks=pytest.mark.proof)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", STAGES)
def test_pages_can_be_used_in_every_state(glass: Glasses, stage: str, language: str):
    wrong: list[str] = []
    with open_ward() as ward:
        ward.keep_real_time()
        for number, (browser, address, form) in enumerate(STAGES[stage](ward)):
            browser.defaults["HTTP_ACCEPT_LANGUAGE"] = language
            answer: Any = browser.get(address) if form is None else browser.post(address, form, follow=True)
            name = f"{number} {address}"
            assert is_page(answer), f"{name}: {told(answer)}"
            assert answer.status_code in (200, 400), f"{name}: {told(answer)}"
            wrong += against(glass, name, address.lstrip("/"), answer)
    assert not wrong, "\n".join(wrong)
