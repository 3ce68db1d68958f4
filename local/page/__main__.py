"""The page's server as a process: `python -m local.page --port PORT --config FILE`."""

import argparse
from pathlib import Path

from local.home import ROOT
from local.page.files import PageFiles
from local.page.server import PageServer


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(description="The page's server.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--config", type=Path, required=True)
    options = parser.parse_args()
    PageServer(options.port, PageFiles(ROOT / "page"), options.config).serve_forever()


if __name__ == "__main__":
    main()
