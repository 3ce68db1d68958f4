"""A request as an HTTP API hands it to a function (payload format 2.0), taken apart."""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from runtime.ads.faults import Fault, printable
from runtime.web import exact_json
from runtime.web.problem import BROKEN_JSON, TOO_LARGE, ProblemError

BODY_BYTES_MAX = 256 * 1024
QUERY_FIELDS_MAX = 50
REPLACEMENT = "\ufffd"
"""What gateways put in place of bytes that are not UTF-8, where they hand a body over as text. It
cannot be told from the character itself, which JSON can escape."""
Event = Mapping[str, Any]
Values = tuple[Any, list[Fault]]
"""What a model is made of, and what is wrong with it before any model looks at it."""


def path_values(arguments: Mapping[str, str]) -> Values:
    """The parts of the path that vary, decoded: some gateways do it before us, some do not."""
    return {name: unquote(value) for name, value in arguments.items()}, []


def query_values(event: Event) -> Values:
    """The query's fields, each of which may come once."""
    try:
        pairs = parse_qsl(
            event.get("rawQueryString") or "",
            keep_blank_values=True,
            errors="strict",
            max_num_fields=QUERY_FIELDS_MAX,
        )
    except UnicodeDecodeError:
        return {}, [Fault("", "must be percent-encoded UTF-8")]
    except ValueError:
        return {}, [Fault("", f"must have at most {QUERY_FIELDS_MAX} fields")]
    values = dict(pairs)
    names = [name for name, _ in pairs]
    twice = [name for name in values if names.count(name) > 1]
    return values, [Fault(printable(name), "is given more than once") for name in twice]


def header_values(event: Event) -> Values:
    """The headers by their usual spelling, as in `If-Match`."""
    headers: Mapping[str, str] = event.get("headers") or {}
    return {name.title(): value for name, value in headers.items()}, []


def body_values(event: Event) -> Values:
    """The JSON body; ProblemError when it is too large or not JSON."""
    parsed = exact_json.loads(_body_text(event))
    return parsed.value, [Fault(printable(n), "is given more than once") for n in parsed.repeated]


def _body_text(event: Event) -> str:
    body: str = event.get("body") or ""
    if event.get("isBase64Encoded"):
        return _decoded(body)
    _check_size(len(body.encode("utf-8", "surrogatepass")))
    if REPLACEMENT in body:
        raise ProblemError(
            BROKEN_JSON,
            "The body is not JSON: it is not UTF-8 text, or it has the character U+FFFD, which "
            "stands for that on the way here. Send UTF-8, and that character as \\ufffd.",
        )
    if not body.strip():
        raise ProblemError(BROKEN_JSON, "The body is empty. Send a JSON object.")
    return body


def _decoded(body: str) -> str:
    _check_size(len(body) * 3 // 4 - 2)
    try:
        return b64decode(body, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ProblemError(BROKEN_JSON, "The body is not JSON: it is not UTF-8 text.") from error


def _check_size(size_bytes: int) -> None:
    if size_bytes > BODY_BYTES_MAX:
        raise ProblemError(
            TOO_LARGE, f"The body has more than {BODY_BYTES_MAX} bytes, the most this API takes."
        )
