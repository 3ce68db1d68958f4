"""What the page talks to: the real APIs over a ledger in memory, served on loopback with CORS."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import simplejson
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.home import ROOT
from local.page.files import PageFiles
from local.page.server import PageServer
from runtime.ad_ledger.ad_ledger import AdLedger
from runtime.ad_ledger.shard import Shard
from runtime.ads.ad import AdChanges, NewAd
from runtime.ads.revision import AdRevision
from runtime.lag.lag import Age, Lag
from runtime.ledger.engine import Ledger
from runtime.operations.api import operations
from runtime.queries.routes import routes
from runtime.replays.pieces import Piece
from runtime.replays.ports import Execution
from runtime.replays.replay import Done, Replay
from runtime.replays.service import Replays
from tests.fakes import MemoryStorage
from tests.memory_replays import MemoryRecords
from tests.memory_states import MemoryStates
from tests.wsgi import application

REGION = "eu-west-1"
KEYS = {"accessKeyId": "AKIDEXAMPLE", "secretAccessKey": "secret/+=", "sessionToken": "token/+=="}
AD = {
    "adTitle": "Road bike, steel frame",
    "adDescription": "Ridden for two summers. New chain; the saddle is worn.",
    "price": Decimal("480"),
    "currency": "€",
    "category": "Bicycles",
    "tags": ["bicycle", "steel"],
}
BLOCKS = 100
"""Of one piece of a replay."""
POLL_S = 0.02
"""How soon servers notice that they are to end."""

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Alteration = Callable[[str, Any], Any]


class StillMachine:
    """Replays stay where a test has put them."""

    def start(self, replay: Replay) -> None:
        """Nothing runs."""

    def execution(self, replay: Replay) -> Execution:
        return Execution.ENDED if replay.ended_at else Execution.RUNS


class World:
    """A ledger, replays and lags that tests change, and what is altered on the way to the page."""

    def __init__(self) -> None:
        self.ads = AdLedger([Shard(Ledger(MemoryStorage(), name="ads-0"))])
        self.ids: list[tuple[str, str]] = []
        self.records = MemoryRecords()
        self.lags: list[Lag | Age] = []
        self.alter: Alteration = lambda path, answer: answer
        self.refused: list[str] = []
        """Paths of operators' calls whose signature was wrong."""
        self.asked: list[str] = []
        """Method and path of every call."""

    @property
    def history(self) -> Mapping[str, list[AdRevision]]:
        return {ad_id: list(self.ads.versions(owner, ad_id)) for owner, ad_id in self.ids}

    def create(self, publisher: str = "42", **fields: Any) -> str:
        ad_id = self.ads.create(publisher, NewAd.model_validate(AD | fields)).ad_id
        self.ids.append((publisher, ad_id))
        return ad_id

    def change(self, ad_id: str, publisher: str = "42", **fields: Any) -> None:
        self.ads.change(publisher, ad_id, AdChanges.model_validate(fields))

    def lived(self) -> str:
        """An ad that was created, changed twice, and deleted."""
        ad_id = self.create()
        self.change(ad_id, price=Decimal("450.50"))
        text = "Ridden for three summers. New chain, cassette; the saddle is worn."
        self.change(ad_id, adDescription=text, tags=["bicycle", "shipping"])
        self.ads.delete("42", ad_id)
        return ad_id

    def measure(self, blocks: int) -> list[Lag | Age]:
        return self.lags

    def planned(self) -> str:
        """The newest replay, under way, in four pieces of which none is done."""
        replay_id = max(self.records.replays)
        pieces = [
            Piece(number, 0, number * BLOCKS, (number + 1) * BLOCKS - 1) for number in range(4)
        ]
        self.records.put_pieces(replay_id, pieces)
        self.records.change(replay_id, lambda replay: replay.planned(0, datetime.now(UTC)))
        return replay_id

    def advance(self, replay_id: str, pieces: int) -> None:
        """Have so many of its pieces done."""
        for number in range(pieces):
            self.records.finish_piece(replay_id, number, Done(BLOCKS, 120, 80, 60))

    def apps(self) -> dict[str, App]:
        """By first part of the path."""
        queries = routes(lambda: MemoryStates(self), lambda: self.ads)
        replays = Replays(self.records, StillMachine())
        operating = operations(lambda: replays, _unasked, _unasked, lambda: self)
        return {
            "publisher": application({"GET": queries}),
            "operations": self.signed(application({"GET": operating})),
        }

    def signed(self, app: App) -> App:
        """Let in only what is signed with KEYS, as IAM would."""

        def guarded(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            if not is_signed(environ):
                self.refused.append(environ["PATH_INFO"])
                start("403 Forbidden", [("Content-Type", "application/json")])
                return [b'{"message":"Forbidden"}']
            return app(environ, start)

        return guarded


def _unasked() -> Any:
    raise AssertionError("the page asks for none of these")


def is_signed(environ: Mapping[str, Any]) -> bool:
    """Whether a request carries the signature that botocore makes for it."""
    given = environ.get("HTTP_AUTHORIZATION", "")
    if "SignedHeaders=" not in given:
        return False
    names = given.split("SignedHeaders=")[1].split(",")[0].split(";")
    of = {"content-type": environ.get("CONTENT_TYPE", "")}
    headers = {
        name: of.get(name) or environ.get(f"HTTP_{name.upper().replace('-', '_')}", "")
        for name in names
        if name != "host"
    }
    url = f"http://{environ['HTTP_HOST']}{environ['RAW_PATH']}"
    query = environ.get("QUERY_STRING")
    request = AWSRequest(environ["REQUEST_METHOD"], url + (f"?{query}" if query else ""), headers)
    request.data = environ["BODY"]
    request.context["timestamp"] = headers["x-amz-date"]
    credentials = Credentials(KEYS["accessKeyId"], KEYS["secretAccessKey"], KEYS["sessionToken"])
    signer = SigV4Auth(credentials, "execute-api", REGION)
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    return given.endswith(f"Signature={signer.signature(to_sign, request)}")


class Front:
    """Both APIs at one address, each below a path of its own, for pages of one origin."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.apps = world.apps()
        self.origin = ""

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        headers = self._cors(environ)
        if environ["REQUEST_METHOD"] == "OPTIONS":
            start("204 No Content" if headers else "403 Forbidden", headers)
            return [b""]
        size = int(environ.get("CONTENT_LENGTH") or 0)
        environ["BODY"] = environ["wsgi.input"].read(size)
        environ["RAW_PATH"] = path = environ["PATH_INFO"]
        environ["wsgi.input"] = _Read(environ["BODY"])
        _, name, rest = path.split("/", 2)
        environ["PATH_INFO"] = f"/{rest}"
        self.world.asked.append(f"{environ['REQUEST_METHOD']} /{rest}")

        def answer(status: str, own: list[tuple[str, str]]) -> None:
            lengthless = [pair for pair in own if pair[0].lower() != "content-length"]
            start(status, [*lengthless, *headers])

        body = b"".join(self.apps[name](environ, answer))
        told = simplejson.loads(body, use_decimal=True)
        return [simplejson.dumps(self.world.alter(f"/{rest}", told), use_decimal=True).encode()]

    def _cors(self, environ: Mapping[str, Any]) -> list[tuple[str, str]]:
        if environ.get("HTTP_ORIGIN") != self.origin:
            return []
        return [
            ("Access-Control-Allow-Origin", self.origin),
            ("Access-Control-Allow-Methods", "GET,POST"),
            (
                "Access-Control-Allow-Headers",
                "authorization,content-type,idempotency-key,x-amz-date,x-amz-security-token",
            ),
        ]


class _Read:
    """A body that was read before."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def read(self, size: int) -> bytes:
        return self._body[:size]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Tests look at what was asked, not at a log."""


@contextmanager
def served(world: World, folder: Path, **config: Any) -> Iterator[str]:
    """The page's URL while world and page are served; `config` is told to the page, too."""
    front = Front(world)
    with make_server("127.0.0.1", 0, front, _Server, _Silent) as apis:
        url = f"http://127.0.0.1:{apis.server_port}"
        told = {
            "publisherApi": f"{url}/publisher",
            "operationsApi": f"{url}/operations",
            "region": REGION,
            "place": "in a test",
            **config,
        }
        path = folder / "config.json"
        path.write_text(json.dumps(told))
        with PageServer(0, PageFiles(ROOT / "page"), path) as page:
            front.origin = f"http://127.0.0.1:{page.server_port}"
            for server in (apis, page):
                Thread(target=server.serve_forever, args=(POLL_S,), daemon=True).start()
            yield front.origin
            page.shutdown()
        apis.shutdown()
