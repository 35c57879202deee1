"""The file of schemas is that of the server, and the vectors keep to it."""

import json
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator

from chat.conformance.patterns import Json, Vector, read_vectors
from tests.client.schemas import FILE, text

SCHEMAS = json.loads(FILE.read_text("utf-8"))


def test_the_file_is_up_to_date() -> None:
    assert FILE.read_text("utf-8") == text(), "make protocol-types writes it"


def frames_of(vector: Vector) -> Iterator[tuple[Json, Json]]:
    """Yield each frame of the server, and its schema; those of a server of the future have none."""
    for step in vector.steps:
        request = step.get("request") or step.get("may_request")
        events = [*step.get("frames", ()), *([step["frame"]] if "frame" in step else [])]
        if request is not None and "reply" in step:
            name = request["type"]
            is_error = step["reply"].get("type") == "error"
            yield (
                {"type": f"{name}_ok", "id": 1, **step["reply"]},
                SCHEMAS["error"] if is_error else SCHEMAS["reply"][name],
            )
        for event in events:
            if event["type"] in SCHEMAS["event"]:
                yield event, SCHEMAS["event"][event["type"]]


@pytest.mark.parametrize("vector", read_vectors(), ids=lambda vector: vector.name)
def test_what_the_server_says_in_a_vector_keeps_to_its_schema(vector: Vector) -> None:
    found = list(frames_of(vector))
    assert len(found) >= 3
    for frame, schema in found:
        Draft202012Validator({"$defs": SCHEMAS["$defs"], **schema}).validate(frame)


def test_a_wrong_frame_does_not_keep_to_its_schema() -> None:
    frame = {"type": "message", "room": 1, "seq": "1", "pos": 1, "at": 1, "sender": {"id": 1, "name": "ada"}}
    validator = Draft202012Validator({"$defs": SCHEMAS["$defs"], **SCHEMAS["event"]["message"]})
    assert not validator.is_valid(frame)
    assert validator.is_valid(frame | {"seq": 1, "text": "hello"})
