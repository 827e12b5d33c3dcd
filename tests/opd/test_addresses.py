"""The house's own addresses: start page, API description, unknown paths, sockets' origins."""

import pytest
from asgiref.testing import ApplicationCommunicator

from apps.core.api import Endpoint
from opd.asgi import TrustedOrigin
from tests.cast import meera as make_meera
from tests.cast import open_browser


@pytest.mark.django_db
def test_the_api_describes_itself_completely(client):
    answer = client.get("/api/schema/", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    described = answer.json()
    assert described["openapi"].startswith("3.")
    assert all(path.startswith("/api/v1/") for path in described["paths"])
    assert "post" in described["paths"]["/api/v1/auth/token"]
    assert described["components"]["securitySchemes"]["bearer"] == {"type": "http", "scheme": "bearer"}


@pytest.mark.django_db
def test_the_explorer_needs_neither_inline_script_nor_anything_from_elsewhere(client):
    page = client.get("/api/docs/").content.decode()
    assert "<style" not in page
    assert "<script>" not in page
    assert "http" not in page.replace('http-equiv="', "")
    script = client.get("/api/docs/?script=")
    assert script["Content-Type"] == "application/javascript"


@pytest.mark.django_db
def test_an_unknown_page_is_a_page_and_an_unknown_path_of_the_api_is_json():
    browser = open_browser(make_meera())
    page, path = browser.get("/nothing/"), browser.get("/api/v1/nothing")
    assert (page.status_code, page["Content-Type"].split(";")[0]) == (404, "text/html")
    assert (path.status_code, path.json()["code"]) == (404, "not_found")


def test_the_catch_all_of_the_api_is_not_described():
    from opd.urls import UnknownPath

    assert issubclass(UnknownPath, Endpoint)
    assert UnknownPath.schema is None


async def opened(origins: list[bytes]) -> bool:
    """Whether a socket from these origins gets through."""

    async def inside(scope, receive, send) -> None:
        await receive()
        await send({"type": "websocket.accept"})

    headers = [(b"origin", origin) for origin in origins]
    client = ApplicationCommunicator(TrustedOrigin(inside), {"type": "websocket", "path": "/ws/", "headers": headers})
    await client.send_input({"type": "websocket.connect"})
    return (await client.receive_output())["type"] == "websocket.accept"


@pytest.mark.parametrize(
    ("origins", "expected"),
    [
        ([b"https://opd.test"], True),
        ([], False),
        ([b"null"], False),
        ([b"http://opd.test"], False),
        ([b"https://opd.test:8443"], False),
        ([b"https://opd.test.evil.test"], False),
        ([b"https://evil.test"], False),
        ([b"https://[evil"], False),
        ([b"https://opd.test:99999"], False),
        ([b"\xff"], False),
        ([b"https://opd.test", b"https://evil.test"], False),
    ],
)
async def test_a_socket_opens_from_our_own_pages_only(settings, origins, expected):
    settings.TRUSTED_ORIGINS = ["https://opd.test"]
    assert await opened(origins) is expected
