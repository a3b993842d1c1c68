"""What a phone needs to put the page of a round among its applications."""

import struct

import httpx


def test_iphones_get_the_icon_as_a_picture_of_their_size(api: httpx.Client) -> None:
    answer = api.get("/apple-touch-icon.png")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert answer.content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", answer.content[16:24]) == (180, 180)
