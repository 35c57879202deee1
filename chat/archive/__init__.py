"""Archives: people, rooms and messages as JSON lines and files, for moving them elsewhere, and from elsewhere to here.

`format.py` defines the lines, `directory.py` reads and writes them, `export.py` and `load.py` connect them with a
database (docs/archive.md). `chat.imports` makes archives of what other chats export.
"""
