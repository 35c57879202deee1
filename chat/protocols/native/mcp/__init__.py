"""Model Context Protocol: a few operations of the native protocol as tools of a program that uses a language model.

Source: https://modelcontextprotocol.io/specification, streamable HTTP at `/mcp`
"""
