"""The faults and the attackers, often and for long: `make campaign`."""
