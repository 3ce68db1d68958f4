"""The events' schemas for EventBridge's registry: JSON Schema draft 4, made from the shapes.

`python -m runtime.ad_events.schema` writes them anew into the folder beside this module, from
which they are deployed.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from runtime.ad_events.shapes import SHAPES, SOURCE, AdEvent

FOLDER = Path(__file__).parent / "schemas"
TEXT = {"type": "string"}
NEWER_WORDS = {"$defs": "definitions"}
"""What draft 4 calls otherwise."""


def schema(shape: type[AdEvent]) -> dict[str, Any]:
    """The schema of the whole EventBridge event that carries this shape as its detail."""
    detail = _draft_4(shape.model_json_schema(mode="serialization"))
    definitions = {**detail.pop("definitions", {}), shape.__name__: detail}
    members = {
        "version": TEXT,
        "id": TEXT,
        "detail-type": {"enum": [shape.__name__]},
        "source": {"enum": [SOURCE]},
        "account": TEXT,
        "time": {"type": "string", "format": "date-time"},
        "region": TEXT,
        "resources": {"type": "array", "items": TEXT},
        "detail": {"$ref": f"#/definitions/{shape.__name__}"},
    }
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": shape.__name__,
        "description": shape.__doc__,
        "x-amazon-events-source": SOURCE,
        "x-amazon-events-detail-type": shape.__name__,
        "type": "object",
        "properties": members,
        "required": list(members),
        "definitions": definitions,
    }


def write(folder: Path = FOLDER) -> None:
    """Write every shape's schema, named for the shape."""
    for shape in SHAPES:
        text = json.dumps(schema(shape), indent=2) + "\n"
        (folder / f"{shape.__name__}.json").write_text(text)


def _draft_4(value: Any) -> Any:
    """A schema of pydantic's, which are 2020-12, in the words of draft 4."""
    if isinstance(value, Mapping):
        members = cast(Mapping[str, Any], value)
        return {
            NEWER_WORDS.get(key, key): _draft_4(inner)
            for key, inner in members.items()
            if not _is_noise(key, inner)
        }
    if isinstance(value, list):
        return [_draft_4(inner) for inner in cast(list[Any], value)]
    return value.replace("#/$defs/", "#/definitions/") if isinstance(value, str) else value


def _is_noise(key: str, value: Any) -> bool:
    """What pydantic adds that says nothing: names of members again, and that nothing is default."""
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


if __name__ == "__main__":
    write()
