"""Serves MiniStack by uvicorn, whose parser and event loop are written in C.

Parsing requests and waiting for them in Python took as long as answering them.
"""

import asyncio
from typing import Any

import hypercorn.asyncio  # pyright: ignore[reportMissingImports]
import uvicorn  # pyright: ignore[reportMissingImports]
import uvloop  # pyright: ignore[reportMissingImports]

KEEP_ALIVE_S = 75
"""As MiniStack has it."""
DRAIN_S_MAX = 5
"""How long requests that are being served hold up the end."""


def install(app_module: Any) -> None:
    """Replace the server and the loop that MiniStack's `main` starts."""
    hypercorn.asyncio.serve = _serve
    app_module.asyncio = _Asyncio()


class _Asyncio:
    """The module, but that `run` makes another loop."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    def run(main: Any) -> Any:
        return uvloop.run(main)


async def _serve(app: Any, config: Any) -> None:
    """Serve at the one address that hypercorn was to bind."""
    host, _, port = config.bind[0].rpartition(":")
    options = uvicorn.Config(
        app,
        host=host,
        port=int(port),
        loop="none",
        http="httptools",
        lifespan="on",
        log_level=config.loglevel.lower(),
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=DRAIN_S_MAX,
    )
    await uvicorn.Server(options).serve()
