"""Plants defects and lists those that no test finds; see README.md."""
