"""The reference model of the storage and the bus: README.md says what it is for."""
