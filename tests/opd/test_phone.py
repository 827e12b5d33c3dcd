"""What a patient's phone keeps: a manifest, a worker, and a page without a connection. Nothing of anybody."""

import re
from typing import Any

from django.contrib.staticfiles import finders
from django.test import Client


def test_the_manifest_makes_the_hospital_a_program_of_the_phone(db: None) -> None:
    answer = Client().get("/manifest.webmanifest")
    assert answer["Content-Type"] == "application/manifest+json"
    said = answer.json()
    assert (said["display"], said["start_url"], said["scope"]) == ("standalone", "/", "/")
    assert said["name"]
    assert said["short_name"]
    assert re.fullmatch(r"#[0-9a-f]{6}", said["theme_color"])
    assert finders.find(said["icons"][0]["src"].removeprefix("/static/"))


def test_the_worker_stands_at_the_top_and_patients_pages_name_it(db: None, settings: Any) -> None:
    page = Client().get("/").content.decode()
    (address,) = re.findall(r'name="opd-worker" content="([^"]+)"', page)
    assert address.startswith("/worker.js?en-")
    assert 'rel="manifest"' in page
    script = Client().get(address)
    assert script["Content-Type"].startswith("text/javascript")
    assert "/offline/" in script.content.decode()
    hindi = Client(headers={"Accept-Language": "hi"}).get("/").content.decode()
    assert address not in hindi


def test_the_page_without_a_connection_needs_nothing_that_is_not_kept_with_it(db: None) -> None:
    page = Client().get("/offline/").content.decode()
    needed = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert all(address.startswith(("/static/", "#", "/")) for address in needed)
    for address in re.findall(r'(?:src|rel="stylesheet" href|as="font".*?href)="(/[^"]+)"', page):
        assert address.startswith("/static/")
    assert page.count("data-symbol=") == 6
    assert "Watch the board in the hall" in page
