"""The benchmark: the real server and what people would use instead, under one load generator. See README.md.

Files, from the ground up: `machine` (the system's accounts), `processes` (start and stop), `scenarios` and `plans`
(what is done), `servers` (to whom), `generator` (by whom), `measure` (one run), `results`, `goals`, `report`, `plots`.
"""
