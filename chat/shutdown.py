"""How long each step of a stop may take, in order, and what happens to whoever is not done. All in seconds.

    step                                        at most             who is not done
    1. Nobody new comes in; calls and refusals  at once             is closed
       that have not begun end.
    2. Calls under way are answered; sockets    grace               is cancelled: sockets end without a close
       hear all that was accepted, and why                          frame, calls without an answer
       they end. Of that, each socket:
         answers the close frame, or reads      CLOSE_ANSWER        hears nothing more
         what is before it
         reads the rest                         FLUSH               loses the rest
         closes TCP itself                      LINGER              is closed
    3. What was cancelled ends by itself.       CUT_DELAY           has its socket closed
    4. The HTTP application ends.               APP_STOP            is cancelled, with an error in the log
    5. What the journal has is committed,       commit_timeout      is refused: it was not acknowledged
       and the log is read to its end.          and query_timeout   is heard by nobody: all are gone
    6. Where there are other servers, the       LEAVE, or           is ended by its own time
       lease is given up.                       query_timeout
    7. What was read and delivered is noted:    three times         is unread once more,
       the notes under way, and once more.      query_timeout       and delivered again
    8. What waits for the bus is sent.          BUS_FLUSH           is found in the log by the others
    9. Connections to PostgreSQL close.         query_timeout       is ended from our side
    With several workers, steps 1 to 9 are each worker's, and the parent waits for all of them, and LAST_WORDS for
    what each said last. A worker that is not done then is killed, and gone in REAP.
    10. An embedded PostgreSQL stops: fast for  grace               is killed
        FAST_SHARE of it, and then at once.
    11. It is gone when killed.                 REAP                is left to the system

grace, commit_timeout and query_timeout are settings; a query that is not over by its deadline takes a second more. The
lease is given up by a write, which is not cancelled: where the database is silent, it takes that long.
CLOSE_ANSWER, FLUSH and LINGER hold for every socket that the server closes, at any time.
"""

CLOSE_ANSWER = 2.0
FLUSH = 1.0
LINGER = 1.0
CUT_DELAY = 0.5
APP_STOP = 0.5
LEAVE = 1.0
BUS_FLUSH = 0.5
LAST_WORDS = 0.5
FAST_SHARE = 0.8
REAP = 1.0


def longest_worker_stop(grace: float, commit_timeout: float, query_timeout: float) -> float:
    """Return how many seconds steps 1 to 9 take where each takes all it may: after that a worker is killed."""
    return grace + CUT_DELAY + APP_STOP + commit_timeout + 6 * query_timeout + BUS_FLUSH


def longest_stop(grace: float, commit_timeout: float, query_timeout: float) -> float:
    """Return how many seconds a stop takes where each step takes all it may: a service manager waits for longer.

    With several workers it is REAP more.
    """
    return longest_worker_stop(grace, commit_timeout, query_timeout) + grace + REAP
