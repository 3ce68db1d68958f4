"""The page on proofs: its program runs against a server."""

import re
import subprocess
import sys
from pathlib import Path

from tests.runtime.ledger.server.serving import run, serving

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "proofs.md").read_text()
ENDPOINT = "http://127.0.0.1:8765"
DAY = "# A day passes.\n"


def test_the_program_on_the_page_runs(tmp_path: Path) -> None:
    [program] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert (program.count(ENDPOINT), program.count(DAY)) == (1, 1)
    work = (
        "from pyqldb.driver.qldb_driver import QldbDriver\n"
        "with QldbDriver('vehicles', boto3_session=session, endpoint_url=qldb.meta.endpoint_url)"
        " as driver:\n"
        "    driver.execute_lambda(lambda t: t.execute_statement('CREATE TABLE Later'))\n"
    )
    closing = "print(answers.digest(answer).sequence_no)\nqldb.close()\n"
    with serving(tmp_path) as clients:
        run(clients.ledger("vehicles"), "CREATE TABLE Vehicle")
        told = program.replace(ENDPOINT, clients.url).replace(DAY, work) + closing
        ran = subprocess.run(
            [sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
    assert (ran.returncode, ran.stdout) == (0, "1\n"), ran.stderr
