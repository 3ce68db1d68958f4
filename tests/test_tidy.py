"""Style as a test: sizes, names, the direction of imports, and what must never be committed."""

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULE_LINES_MAX = 300
FUNCTION_LINES_MAX = 50
FUNCTION_LINES_MEDIAN_MAX = 10
TOP_PACKAGES = ("infra", "runtime", "local", "cli")
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
REGISTRY_HOSTS = re.compile(
    r"py" + r"pi\.org|python" + r"hosted|registry\.npm" + r"js|deb\.deb" + r"ian"
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|tmp/bash" + r"_jobs)/")
LEFTOVERS = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
SPEED = "mark.sp" + "eed"
BANNER = re.compile(r"^\s*#\s*[-=*#]{4,}")
LAYERS = {
    "infra": {"runtime", "local", "cli", "tests"},
    "runtime": {"pulumi", "pulumi_aws", "infra", "local", "cli", "tests"},
    "runtime/ads": {"boto3", "botocore", "pyqldb", "opensearchpy", "aws_lambda_powertools"},
    "runtime/ad_events": {"boto3", "botocore", "pyqldb", "aws_lambda_powertools"},
    "runtime/ledger/verify": {
        "runtime.ledger.block",
        "runtime.ledger.block_tree",
        "runtime.ledger.engine",
        "runtime.ledger.hashing",
        "runtime.ledger.ion_binary",
        "runtime.ledger.merkle",
        "runtime.ledger.storage",
        "runtime.ledger.transaction",
    },
    "local": {"cli", "tests"},
    "cli": {"pulumi", "pulumi_aws", "infra", "local", "tests"},
    "cli/proof.py": {
        "boto3",
        "runtime.ledger.engine",
        "runtime.ledger.merkle",
        "runtime.ledger.hashing",
        "runtime.ledger.storage",
    },
}


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def sources(*folders: str) -> list[Path]:
    return [
        path
        for path in tracked()
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in folders
    ]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield (
                f"{path.relative_to(ROOT)}:{node.lineno} {node.name}",
                (node.end_lineno - node.lineno + 1),
            )


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def text_files() -> Iterator[tuple[str, str]]:
    for path in tracked():
        try:
            yield str(path.relative_to(ROOT)), path.read_text()
        except UnicodeDecodeError:
            continue


def test_no_module_is_long() -> None:
    lines = {p.relative_to(ROOT): len(p.read_text().splitlines()) for p in sources(*TOP_PACKAGES)}
    assert {str(p): n for p, n in lines.items() if n > MODULE_LINES_MAX} == {}


def test_no_function_is_long() -> None:
    sizes = [size for path in sources(*TOP_PACKAGES) for size in functions(path)]
    assert [name for name, lines in sizes if lines > FUNCTION_LINES_MAX] == []


def test_the_median_function_is_short() -> None:
    sizes = sorted(lines for path in sources(*TOP_PACKAGES) for _, lines in functions(path))
    assert sizes[len(sizes) // 2] <= FUNCTION_LINES_MEDIAN_MAX


def test_the_program_is_read_in_one_go() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) < 100


def test_modules_are_named_for_nouns() -> None:
    parts = {
        part for p in sources(*TOP_PACKAGES) for part in p.relative_to(ROOT).with_suffix("").parts
    }
    assert parts & BANNED_NAMES == set()


@pytest.mark.parametrize("inner", sorted(LAYERS))
def test_dependencies_point_inward(inner: str) -> None:
    strays = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(inner.split("/")[0])
        if (ROOT / inner) in (path, *path.parents)
        for name in imports(path)
        if any(name == banned or name.startswith(banned + ".") for banned in LAYERS[inner])
    ]
    assert strays == []


def test_the_ended_service_is_not_used() -> None:
    assert [
        str(path)
        for path in [*sources("infra", "local"), ROOT / "__main__.py"]
        if re.search(r"\baws\.qldb\b|pulumi_aws\.qldb", path.read_text())
    ] == []


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in sources(*TOP_PACKAGES)
        if path.read_text().strip() and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert silent == []


def test_nothing_that_is_tracked_names_a_registry_or_this_machine() -> None:
    named = [name for name, text in text_files() if REGISTRY_HOSTS.search(text)]
    paths = [name for name, text in text_files() if MACHINE_PATHS.search(text)]
    assert (named, paths) == ([], [])


def test_nothing_is_left_over() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources(*TOP_PACKAGES, "tests", "bench")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if LEFTOVERS.search(line) or BANNER.match(line)
    ]
    assert found == []


def test_requirements_are_pinned_with_hashes() -> None:
    locked = [p for p in (ROOT / "requirements").glob("*.txt") if "overrides" not in p.name]
    loose = [p.name for p in locked if "--hash=sha256:" not in p.read_text()]
    assert locked
    assert loose == []


def test_the_tests_of_a_module_run_together(request: pytest.FixtureRequest) -> None:
    """Some versions of the plugin that runs tests in parallel take no notice of groups."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        assert request.node.nodeid.endswith("@test_tidy.py")


def test_tests_of_times_are_where_they_are_looked_for() -> None:
    """`make test` collects these folders again, and no others, to take times alone."""
    timed = [path for path in (ROOT / "tests").rglob("test_*.py") if SPEED in path.read_text()]
    folders = {path.relative_to(ROOT).parts[:2] for path in timed}
    recipe = (ROOT / "Makefile").read_text()
    assert f"-m speed {' '.join('/'.join(folder) for folder in sorted(folders))}\n" in recipe
