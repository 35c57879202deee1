"""The tests, in folders that mirror `chat/`; `support` has what several folders share."""
