"""Frames go both ways in order, and the other end is missed when it is gone."""

from __future__ import annotations

import threading

import pytest
from rank_pipes import pipes

from proctor.models.pool.channel import PAIRS, Channel
from proctor.models.pool.frames import BeatFrame, DoneFrame, EndFrame, FrameError, OpenFrame, ResponsesFrame, decode
from proctor.types import RollingScore


class _End:
    """What one end of a channel got."""

    def __init__(self, pipe, **options):
        self.frames, self.reasons, self.event = [], [], threading.Event()
        self.channel = Channel(pipe, self.frames.append, self._lose, **options)

    def _lose(self, reason):
        self.reasons.append(reason)
        self.event.set()


def test_frames_arrive_in_order_and_both_ends_say_goodbye():
    one, other = pipes()
    left, right = _End(one), _End(other)
    sent = [EndFrame(False), DoneFrame(1, {"a": [1]}), OpenFrame({"name": "hf"})]
    for frame in sent:
        left.channel.send(frame)
    right.channel.send(EndFrame(True))
    finishing = threading.Thread(target=right.channel.finish)
    finishing.start()
    assert left.channel.finish(10)
    finishing.join(10)
    assert right.frames == sent
    assert left.frames == [EndFrame(True)]
    assert left.reasons == right.reasons == []


def test_responses_that_wait_go_out_as_few_frames():
    one, other = pipes()
    gate, sizes = threading.Event(), []
    send = one.send
    one.send = lambda data: (gate.wait(10), sizes.append(len(data)), send(data))
    left, right = _End(one), _End(other)
    for number in range(1000):
        left.channel.send(ResponsesFrame(1 + number // 600, ((number, RollingScore(-1.0)),)))
    gate.set()
    finishing = threading.Thread(target=right.channel.finish)
    finishing.start()
    assert left.channel.finish(10)
    finishing.join(10)
    pairs = [(frame.number, *pair) for frame in right.frames for pair in frame.pairs]
    assert pairs == [(1 + number // 600, number, RollingScore(-1.0)) for number in range(1000)]
    assert len(right.frames) < 1000 / PAIRS + 4


def test_a_process_that_has_nothing_to_send_shows_that_it_lives():
    one, other = pipes()
    left = _End(one, beat=0.02)
    assert decode(other.receive()) == BeatFrame()
    other.send(b'{"class":"ByeFrame"}')
    assert left.channel.finish(10)
    assert left.reasons == []


@pytest.mark.parametrize(
    ("data", "reason"), [(None, "its connection is closed"), (b"\x80garbage", "it sent what cannot be read")]
)
def test_a_closed_pipe_and_bytes_that_are_no_frame_lose_the_other_end_once(data, reason):
    one, other = pipes()
    left = _End(one)
    other.send(data)
    assert left.event.wait(10)
    assert len(left.reasons) == 1
    assert reason in left.reasons[0]
    assert left.channel.finish(10)


def test_a_pipe_that_takes_nothing_ends_the_sender_alone():
    one, other = pipes()

    def send(data):
        raise OSError("closed")

    one.send = send
    left = _End(one)
    left.channel.send(EndFrame(False))
    other.cut()
    assert left.event.wait(10)
    assert left.channel.finish(10)


def test_the_goodbye_of_an_end_that_does_not_answer_is_not_waited_for_long():
    one, other = pipes()
    left = _End(one)
    assert not left.channel.finish(0.05)
    other.cut()


def test_a_frame_that_cannot_be_sent_is_refused_where_it_is_handed_in():
    one, other = pipes()
    left = _End(one)
    with pytest.raises(FrameError, match="OpenFrame cannot be sent"):
        left.channel.send(OpenFrame({"args": object()}))
    other.cut()
