"""Archives made of what other chats export: a package each, and what they share.

Each turns an export into the directory of an archive (`chat.archive`), which `chat import` then brings in. What they
read is not trusted. docs/moving-in.md says what comes along.
"""
