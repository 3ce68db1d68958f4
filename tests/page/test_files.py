"""The page's files: small modules, nothing from elsewhere, nothing that could become markup."""

import json
import re
from pathlib import Path

from local.home import ROOT

FOLDER = ROOT / "page"
MODULES = sorted((FOLDER / "modules").glob("*.js"))
MODULE_LINES_MAX = 250
PAGE_BYTES_MAX = 150_000
"""Of all files together, uncompressed."""


def text(path: Path) -> str:
    return path.read_text()


def test_modules_are_small_and_say_what_they_are() -> None:
    assert MODULES
    assert {
        path.name: n for path in MODULES if (n := len(text(path).splitlines())) > MODULE_LINES_MAX
    } == {}
    assert [path.name for path in MODULES if not text(path).startswith("/**")] == []
    assert sum(path.stat().st_size for path in FOLDER.rglob("*.*")) <= PAGE_BYTES_MAX


def test_every_module_is_imported_and_every_import_is_there() -> None:
    imported = {name for path in MODULES for name in re.findall(r'from "\./(.*?)"', text(path))}
    assert imported | {"main.js"} == {path.name for path in MODULES}
    assert [path.name for path in MODULES if re.search(r'from "(?!\./)', text(path))] == []


def test_nothing_comes_from_elsewhere() -> None:
    for path in [*MODULES, FOLDER / "index.html", FOLDER / "style.css"]:
        found = re.findall(r"https?://[^\s\"'<>]+", text(path))
        assert set(found) <= {"http://www.w3.org/2000/svg"}, path.name
        assert "url(" not in text(path) or path.suffix == ".js", path.name


def test_no_script_or_style_is_inline() -> None:
    html = text(FOLDER / "index.html")
    assert re.findall(r"<script(?![^>]* src=)", html) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", html) == []


def test_no_text_is_ever_read_as_markup() -> None:
    risky = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|Function\("
    )
    assert [path.name for path in MODULES if risky.search(text(path))] == []


def test_the_policy_lets_in_nothing_but_the_page_itself() -> None:
    policy = json.loads(text(FOLDER / "serving.json"))["headers"]["Content-Security-Policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts.pop("connect-src") == "'self' {apis}"
    assert parts.pop("require-trusted-types-for") == "'script'"
    assert set(parts.values()) == {"'none'", "'self'"}
    assert parts["default-src"] == parts["frame-ancestors"] == parts["base-uri"] == "'none'"
