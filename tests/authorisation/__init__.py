"""Who may do what: rules that a person can read, and the machine that asks the real server each of their cells."""
