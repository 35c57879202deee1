"""What hooks cost: incoming ones, others beside a hook that is called too often, and outgoing ones.

The modules:

    __main__   the command
    calls      how many calls a second are committed
    beside     how long messages of people take beside a flood of calls
    flood      the process that floods
    outgoing   how fast an outgoing hook follows the log
    receiver   the process that takes the calls of outgoing hooks
"""
