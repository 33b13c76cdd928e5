"""The wire format of the stream: what is written is read again, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.http_stream.browser import owner_from_headers
from dashboard.http_stream.frames import Frame, Kind, MalformedFrames, close_frame, frames_from

FRAMES = st.lists(
    st.builds(Frame, st.integers(0, 2**64 - 1), st.sampled_from(Kind), st.binary(max_size=300)), max_size=20
)


def joined(frames: list[Frame]) -> bytes:
    return b"".join(frame.encoded() for frame in frames)


def test_a_frame_is_its_length_its_number_its_kind_and_its_payload():
    """Big-endian, 13 bytes of head; as docs/http-stream.md shows it."""
    assert Frame(7, Kind.DATA, b"hi").encoded().hex(" ") == "00 00 00 02 00 00 00 00 00 00 00 07 01 68 69"
    assert close_frame(8, 1012).encoded().hex(" ") == "00 00 00 02 00 00 00 00 00 00 00 08 02 03 f4"


@given(FRAMES)
def test_what_is_written_is_read_again(frames):
    """Any sequence of frames survives the way."""
    assert frames_from(joined(frames)) == frames


@given(FRAMES, st.data())
def test_a_cut_body_is_refused(frames, data):
    """Half a frame is no frame: a body that was cut anywhere but between frames is refused as a whole."""
    body = joined(frames)
    ends = {len(joined(frames[:count])) for count in range(len(frames) + 1)}
    place = data.draw(st.integers(0, len(body)))
    if place in ends:
        assert joined(frames_from(body[:place])) == body[:place]
    else:
        with pytest.raises(MalformedFrames):
            frames_from(body[:place])


@given(st.binary(max_size=200))
def test_any_bytes_are_either_frames_or_refused(body):
    """The parser never fails in another way, and never reads a frame that would be written differently."""
    try:
        frames = frames_from(body)
    except MalformedFrames:
        return
    assert joined(frames) == body


def masked(token: bytes, mask: bytes, stamp: int) -> bytes:
    hidden = bytes(byte ^ mask[place % 4] for place, byte in enumerate(token))
    return f"2|{mask.hex()}|{hidden.hex()}|{stamp}".encode()


def owner(*cookies: bytes) -> bytes:
    return owner_from_headers([(b"host", b"a"), *((b"cookie", cookie) for cookie in cookies)])


@given(st.binary(min_size=16, max_size=16), st.lists(st.binary(min_size=4, max_size=4), min_size=2, max_size=2))
def test_a_browser_is_known_under_every_mask(token, masks):
    """Streamlit masks the XSRF cookie differently in every health answer; the browser stays the same one."""
    one, other = (b"_streamlit_xsrf=" + masked(token, mask, stamp) for stamp, mask in enumerate(masks))
    assert owner(one + b"; theme=a") == owner(b"theme=b; " + other)
    assert owner(one) != owner(b"_streamlit_xsrf=" + masked(bytes(16) + b"x", masks[0], 1))


def test_signing_in_makes_another_owner():
    """What was opened before a sign-in, or by another person, is not theirs."""
    token = b"_streamlit_xsrf=" + masked(b"t" * 16, b"mask", 1)
    owners = {owner(token), owner(token + b"; _streamlit_user=a"), owner(token + b"; _streamlit_user=b")}
    assert len(owners) == 3
    assert owner(token + b"; _streamlit_user=a; _streamlit_user_1=b") not in owners


@given(st.binary(max_size=60))
def test_any_cookie_is_read(cookie):
    """What a browser sends cannot break the comparison."""
    assert len(owner(b"_streamlit_xsrf=" + cookie, cookie)) == 32
