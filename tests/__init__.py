"""The tests, in folders that mirror `chat/`; `support` is what several of them share."""
