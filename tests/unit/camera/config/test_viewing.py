"""Where browsers may look on."""

import pytest

from heliograph.camera.config import SettingError, address
from heliograph.camera.config.file import CameraConfig, read_camera_text
from heliograph.camera.config.summary import config_summary


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:8081", ("127.0.0.1", 8081)),
        (":8081", ("0.0.0.0", 8081)),
        ("box.local:0", ("box.local", 0)),
        ("[::1]:65535", ("::1", 65535)),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, place: tuple[str, int]) -> None:
    assert address(text) == place


@pytest.mark.parametrize(
    "text", ["", "8081", "a:", "a:b", ":65536", "::1:80", ":-1", "a..b:80", "a\0b:80"]
)
def test_what_is_no_address_is_told_with_what_one_is(text: str) -> None:
    with pytest.raises(SettingError, match=r"write it as 127\.0\.0\.1:8081, or as :80"):
        address(text)


def test_the_file_says_where_and_the_summary_keeps_the_token() -> None:
    text = 'view:\n  listen: ":8081"\n  token: env.TOKEN\n'
    secret = "a-token-of-the-view-0123"
    read = read_camera_text(text, file="camera.yaml", environ={"TOKEN": secret})
    assert isinstance(read, CameraConfig)
    assert read.view == ("0.0.0.0", 8081)
    assert read.view_token is not None
    assert read.view_token.reveal() == secret
    told = config_summary(read, file="camera.yaml")
    assert "shown to browsers at 0.0.0.0:8081" in told
    assert secret not in told + repr(read)


def test_mistakes_of_the_section_are_told_with_line_and_fix() -> None:
    text = "view:\n  listen: 8081\n  at: x\n---"
    wrong = read_camera_text(text.removesuffix("---"), file="c.yaml", environ={})
    assert isinstance(wrong, list)
    assert [(problem.line, problem.key) for problem in wrong] == [
        (2, "view.listen"),
        (3, "view.at"),
    ]
    other = read_camera_text("view:\n  listen: nine\n", file="c.yaml", environ={})
    assert isinstance(other, list)
    assert other[0].message == '"nine" is no address'
    assert other[0].fix.startswith("write it as 127.0.0.1:8081")
