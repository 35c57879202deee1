"""Whether a client of the native protocol does what docs/protocols/conformance.md asks: any client, in any language.

    python -m chat.conformance -- COMMAND

It needs nothing of the server. The modules:

    __main__   the command
    playing    one vector against one program
    patterns   the vectors, and how a value is compared with a pattern
"""
