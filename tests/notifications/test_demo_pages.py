from datetime import timedelta

import pytest

from tests.notifications.conftest import NOW, say

pytestmark = pytest.mark.django_db
PAGES = ("/demo/messages/", "/demo/messages.json")


@pytest.mark.parametrize("path", PAGES)
def test_outside_of_the_demonstration_the_pages_do_not_exist(client, settings, path):
    settings.DEMO = False
    say()
    answer = client.get(path)
    assert answer.status_code == 404
    assert b"123456" not in answer.content


def test_the_demonstration_lists_a_message_at_once_newest_first(client, settings):
    settings.DEMO = True
    say(text="first")
    say(text="second", recipient="+919000000001")
    told = client.get("/demo/messages.json")
    assert told["Cache-Control"] == "no-store"
    rows = told.json()
    assert {frozenset(row) for row in rows} == {frozenset({"to", "channel", "text", "at"})}
    assert {(row["to"], row["text"]) for row in rows} == {("+919000000001", "second"), ("+919876543210", "first")}
    page = client.get("/demo/messages/").content.decode()
    assert "+919000000001" in page
    part = client.get("/demo/messages/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "second" in part


def test_what_a_message_says_is_inert(client, settings):
    settings.DEMO = True
    say(text="<script>alert(1)</script>")
    assert "<script>alert" not in client.get("/demo/messages/").content.decode()


def test_a_code_stands_above_whatever_came_after_it(client, settings):
    settings.DEMO = True
    say(text="your code")
    for number in range(120):
        say(now=NOW + timedelta(seconds=number), text=f"booked {number}", kind="booking")
    page = client.get("/demo/messages/").content.decode()
    assert 0 < page.index("your code") < page.index("booked 119")
    assert "booked 10<" not in page
