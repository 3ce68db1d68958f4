"""Which calls each API answers, by the worker that answers them."""

_ADS = "/publisher/{publisherId}/ad"
_AD = _ADS + "/{adId}"
_REPLAY = "/replays/{replayId}"
_SNAPSHOTS = "/snapshots"
_DESCRIPTION = "GET /openapi.json"

COMMANDS = (f"POST {_ADS}", f"PATCH {_AD}", f"DELETE {_AD}")
QUERIES = (
    f"GET {_ADS}",
    f"GET {_AD}",
    f"GET {_AD}/versions/{{version}}/proof",
    _DESCRIPTION,
)
SEARCHES = ("GET /", _DESCRIPTION)
OPERATIONS = (
    "POST /replays",
    "GET /replays",
    f"GET {_REPLAY}",
    f"POST {_REPLAY}/cancel",
    f"POST {_REPLAY}/resume",
    f"GET {_REPLAY}/ads",
    f"GET {_REPLAY}/ads/{{adId}}",
    f"POST {_SNAPSHOTS}",
    f"GET {_SNAPSHOTS}",
    f"GET {_SNAPSHOTS}/{{snapshotId}}",
    "GET /lag",
    _DESCRIPTION,
)
