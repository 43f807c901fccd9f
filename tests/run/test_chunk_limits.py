"""How much of a run is in memory at a time."""

from __future__ import annotations

from proctor.run.chunk_limits import ROOM, ChunkLimits


def test_limits_of_several_chunks_at_a_time_are_those_of_one_divided():
    assert ROOM.divided(1) == ROOM
    assert ChunkLimits(queries=100, characters=10).divided(3) == ChunkLimits(33, 3)


def test_a_chunk_has_room_for_something():
    assert ChunkLimits(queries=1, characters=2).divided(3) == ChunkLimits(1, 1)
