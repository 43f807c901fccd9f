from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proctor.html_report.spool import Spool


@given(st.lists(st.text(st.characters(blacklist_categories=())) | st.none() | st.lists(st.text())))
def test_values_are_found_by_their_places(values):
    with Spool() as spool:
        places = [spool.add(value) for value in values]
        assert [spool.get(place) for place in reversed(places)] == values[::-1]
