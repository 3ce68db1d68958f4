"""Workers as a WSGI application, for tools that want to speak HTTP without a network."""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from runtime.web.api import Api
from tests.http_calls import Context, event


def application(workers: Mapping[str, Api]) -> Callable[..., Iterable[bytes]]:
    """Each method is answered by its worker, GET's by default."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(size) if size else None
        headers = {
            name.removeprefix("HTTP_").replace("_", "-"): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        # WSGI hands the path over as bytes read for Latin-1.
        path = environ["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        payload = event(method, path, environ.get("QUERY_STRING", ""), headers, body)
        reply = workers.get(method, workers["GET"])(payload, Context())  # type: ignore[arg-type]
        status = HTTPStatus(reply["statusCode"])
        start_response(f"{status.value} {status.phrase}", list(reply["headers"].items()))
        return [reply["body"].encode()]

    return app
