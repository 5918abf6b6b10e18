"""Changes: many messages in few octets, and their place in the log."""

import pytest

from mox.store.changelog import log_entry
from mox.store.changes import MessagesAdded, MessagesInARow


def test_messages_in_a_row_are_a_sequence() -> None:
    messages = MessagesInARow(7, ["", "\\Seen", "", "\\Seen fun"])
    assert list(messages) == [(7, ""), (8, "\\Seen"), (9, ""), (10, "\\Seen fun")]
    assert (len(messages), messages[-1], messages[1:3]) == (4, (10, "\\Seen fun"), ((8, "\\Seen"), (9, "")))
    with pytest.raises(IndexError):
        messages[4]
    assert log_entry(MessagesAdded(1, 2, messages)) == ("MessagesAdded", '{"uids":"7:10"}')


def test_the_log_writes_gaps() -> None:
    change = MessagesAdded(1, 2, ((1, ""), (2, ""), (4, ""), (9, ""), (10, "")))
    assert log_entry(change)[1] == '{"uids":"1:2,4,9:10"}'
