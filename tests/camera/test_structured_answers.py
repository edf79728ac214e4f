"""Captions in JSON, and what the gateway is told of them, over a real socket."""

import json
from dataclasses import replace

import pytest

from caption_parts import TRACK, job
from heliograph.camera.captioning.client import Captioner, GatewayClient
from heliograph.camera.captioning.structure import RESPONSE_FORMAT
from heliograph.camera.types import Caption, CaptionJob
from heliograph.clock import SystemClock
from loopback_gateway import MODEL, Asked, Said, completion, loopback_gateway

TOLD = {
    "caption": "a person carries a ladder",
    "actions": ["walk"],
    "carried": ["ladder"],
    "confidence": 0.75,
}
REFUSAL = {
    "error": {
        "message": "Anthropic has no counterpart to `response_format`.",
        "type": "invalid_request_error",
        "param": "response_format",
        "code": "unsupported_parameter",
    }
}


def captions_of(
    url: str, *jobs: CaptionJob, camera: str | None = None
) -> list[Caption]:
    """Ask *url* for captions in JSON, one after the other."""
    clock = SystemClock()
    client = GatewayClient(url, clock=clock)
    captioner = Captioner(
        client, MODEL, clock=clock, timeout_s=10.0, answer="json", camera=camera
    )
    try:
        return [captioner(one).caption for one in jobs]
    finally:
        client.close()


def strict(asked: Asked) -> Said:
    """Answer as a model that knows the schema."""
    assert asked.body["response_format"] == RESPONSE_FORMAT
    return completion(json.dumps(TOLD))


def without_schema(asked: Asked) -> Said:
    """Answer as our gateway does for a provider without such a parameter."""
    if "response_format" in asked.body:
        return Said(400, json.dumps(REFUSAL).encode())
    return completion(f"```json\n{json.dumps(TOLD)}\n```")


def check_told(caption: Caption) -> None:
    assert caption.error is None
    assert caption.text == "a person carries a ladder"
    assert (caption.actions, caption.carried) == (("walk",), ("ladder",))
    assert caption.confidence == 0.75


def test_a_model_that_knows_the_schema_is_bound_to_it() -> None:
    with loopback_gateway(strict) as gateway:
        (caption,) = captions_of(gateway.url, job())
        (asked,) = gateway.questions
    check_told(caption)
    assert asked.body["max_tokens"] > 100


def test_one_that_does_not_is_asked_in_words_and_the_refusal_is_remembered() -> None:
    with loopback_gateway(without_schema) as gateway:
        captions = captions_of(gateway.url, job(1), job(2))
        asked = ["response_format" in one.body for one in gateway.questions]
    for caption in captions:
        check_told(caption)
    assert asked == [True, False, False]


@pytest.mark.parametrize(
    "said", [Said(400, b'{"error": {"message": "no picture"}}'), Said(503, b"{}")]
)
def test_another_failure_is_no_reason_to_ask_again(said: Said) -> None:
    with loopback_gateway(lambda _: said) as gateway:
        (caption,) = captions_of(gateway.url, job())
        assert len(gateway.questions) == 1
    assert caption.error is not None


def test_an_answer_in_prose_is_a_caption_all_the_same() -> None:
    with loopback_gateway(lambda _: completion("A person\nwalks by.")) as gateway:
        (caption,) = captions_of(gateway.url, job())
    assert caption.text == "A person walks by."
    assert (caption.actions, caption.confidence) == ((), None)


def test_the_gateway_is_told_camera_class_zone_and_direction() -> None:
    walker = replace(TRACK, velocity_x_px_s=90.0)
    asked_for = replace(job(), track=walker, zones=("dock",))
    with loopback_gateway(strict) as gateway:
        (caption,) = captions_of(gateway.url, asked_for, camera="gate-3")
        (asked,) = gateway.questions
    assert asked.headers["x-heliograph-tags"] == (
        "camera=gate-3,class=moving-object,zone=dock,direction=right"
    )
    assert caption.zones == ("dock",)


def test_a_webp_is_sent_as_one() -> None:
    with loopback_gateway(strict) as gateway:
        captions_of(gateway.url, replace(job(), png=b"RIFF....WEBP"))
        (asked,) = gateway.questions
    picture = asked.body["messages"][0]["content"][1]["image_url"]["url"]
    assert picture.startswith("data:image/webp;base64,")
