"""The page's server: what it gives, with which headers, and what it keeps to itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
import urllib3

from local.home import ROOT, Home
from local.page.files import PageFiles
from local.page.process import Page
from local.page.server import PageServer

CONFIG = {
    "publisherApi": "http://127.0.0.1:81/apis/a",
    "operationsApi": "http://127.0.0.1:82/apis/b",
}
TIMEOUT_S = 10
POLL_S = 0.02


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    config = tmp_path / "config.json"
    config.write_text(json.dumps(CONFIG))
    server = PageServer(0, PageFiles(ROOT / "page"), config)
    Thread(target=server.serve_forever, args=(POLL_S,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def get(url: str, method: str = "GET") -> urllib3.BaseHTTPResponse:
    with urllib3.PoolManager(retries=False, timeout=TIMEOUT_S) as pool:
        return pool.request(method, url)


def test_files_come_with_their_type(url: str) -> None:
    for path, type_ in (
        ("/", "text/html"),
        ("/style.css?v=1", "text/css"),
        ("/modules/main.js", "text/javascript"),
        ("/icon.svg", "image/svg+xml"),
    ):
        answer = get(url + path)
        assert (answer.status, answer.headers["Content-Type"].split(";")[0]) == (200, type_)
    assert get(f"{url}/modules/main.js").data == (ROOT / "page/modules/main.js").read_bytes()
    head = get(url, "HEAD")
    assert (head.status, head.data) == (200, b"")


def test_only_the_pages_own_apis_may_be_called(url: str) -> None:
    policy = get(url).headers["Content-Security-Policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts["connect-src"] == "'self' http://127.0.0.1:81 http://127.0.0.1:82"
    assert parts["default-src"] == "'none'"
    assert parts["script-src"] == parts["style-src"] == "'self'"
    assert get(f"{url}/nothing").headers["Content-Security-Policy"] == policy


def test_the_config_is_read_anew_each_time(url: str, tmp_path: Path) -> None:
    assert json.loads(get(f"{url}/config.json").data) == CONFIG
    (tmp_path / "config.json").write_text(json.dumps(CONFIG | {"region": "eu-west-1"}))
    assert json.loads(get(f"{url}/config.json").data)["region"] == "eu-west-1"


@pytest.mark.parametrize(
    "path",
    ["/serving.json", "/../README.md", "/modules", "/modules/", "/%2e%2e/README.md", "//etc/hosts"],
)
def test_nothing_else_is_served(url: str, path: str) -> None:
    assert get(url + path).status == 404
    assert get(url, "POST").status == 501


def test_a_stack_tells_its_page_where_its_apis_are(tmp_path: Path) -> None:
    page = Page(Home(tmp_path), "eu-west-1")
    page.configure({"publisherApiEndpoint": "http://p", "operationsApiEndpoint": "http://o"})
    told = json.loads(page.home.page.read_text())
    assert (told["publisherApi"], told["operationsApi"]) == ("http://p", "http://o")
    assert told["region"] == "eu-west-1"
    assert page.url == f"http://127.0.0.1:{page.home.ports()['page']}"
