"""The page on the ledger's server: its program runs, its table names what there is."""

import re
import subprocess
import sys
from pathlib import Path

from runtime.ledger.server.server import LedgerServer

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "ledger-server.md").read_text()
ENDPOINT = "http://127.0.0.1:8765"


def test_the_program_on_the_page_runs(tmp_path: Path) -> None:
    [program] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert program.count(ENDPOINT) == 2
    closing = "\ndriver.close()\n"
    with LedgerServer(tmp_path) as server:
        ran = subprocess.run(
            [sys.executable, "-c", program.replace(ENDPOINT, server.url) + closing],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert (ran.returncode, ran.stdout) == (0, "{'VIN': '1N4A'}\n"), ran.stderr
    named = {path.split("/")[0] for path in re.findall(r"^\| `([^`]+)`", PAGE, re.MULTILINE)}
    assert {path.name for path in tmp_path.iterdir()} == named
