"""The socket between parent and warden."""

import fcntl
import os

import pytest

from lateen.local import channel


def test_messages_and_descriptors_arrive_whole_and_do_not_leak_into_programs() -> None:
    ours, theirs = channel.pair()
    reading, writing = os.pipe()
    with ours, theirs:
        channel.send(ours, {"op": "x", "text": "é" * 50_000}, (reading, writing))
        message, (again, other) = channel.receive(theirs)
    assert message == {"op": "x", "text": "é" * 50_000}
    assert fcntl.fcntl(again, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    os.write(other, b"through")
    assert os.read(again, 10) == b"through"
    channel.close((reading, writing, again, other))


def test_each_side_hears_that_the_other_has_gone() -> None:
    ours, theirs = channel.pair()
    with ours:
        theirs.close()
        with pytest.raises(channel.Closed):
            channel.send(ours, {})
        with pytest.raises(channel.Closed):
            channel.receive(ours)


def test_a_message_that_does_not_fit_is_not_sent_at_all() -> None:
    ours, theirs = channel.pair()
    with ours, theirs:
        ours.setblocking(False)
        with pytest.raises(OSError, match="too long"):
            channel.send(ours, {"text": "x" * 3 * channel.BUFFER_BYTES})
        channel.send(ours, {"n": 1})
        assert channel.receive(theirs) == ({"n": 1}, ())
