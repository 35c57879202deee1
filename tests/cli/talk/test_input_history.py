"""The history of typed lines, and walking through it."""

from chat.cli.talk.input_history import InputHistory


def typed(*lines: str) -> InputHistory:
    history = InputHistory()
    for line in lines:
        history.note(line)
    return history


def test_edited_history_entries_stay_until_the_walk_ends() -> None:
    history = typed("one", "two")
    assert history.older("") == "two"
    assert history.older("two!") == "one"
    assert history.older("one") is None
    assert history.newer("one") == "two!"
    assert history.newer("two!") == ""
    assert history.newer("") is None
    assert history.older("") == "two"


def test_walking_the_history_keeps_the_typed_line() -> None:
    history = typed("one")
    assert history.older("half") == "one"
    history.stop()
    assert history.older("") == "half"


def test_repeated_lines_are_stored_once_and_the_oldest_are_dropped() -> None:
    history = typed("one", "one")
    assert (history.older(""), history.older("one")) == ("one", None)
    history = typed(*map(str, range(600)))
    walked = [history.older("")]
    while (line := history.older(walked[-1] or "")) is not None:
        walked.append(line)
    assert (walked[0], walked[-1], len(walked)) == ("599", "100", 500)


def test_nothing_is_walked_where_nothing_was_typed() -> None:
    history = InputHistory()
    assert history.older("half") is None
    assert not history.is_walking
