"""The steps of a stop in order, how long each may take in seconds, and what happens to unfinished work.

    step                                        at most             unfinished work
    1. Nobody new comes in; calls and refusals  at once             is closed
       that have not begun end.
    2. Calls under way are answered; sockets    grace               is cancelled: sockets end without a close
       get all accepted writes, and a close                         frame, calls without an answer
       frame. Of that, each socket:
         answers the close frame, or reads      CLOSE_ANSWER        gets nothing more
         what is before it
         reads the rest                         FLUSH               loses the rest
         closes TCP itself                      LINGER              is closed
    3. What was cancelled ends by itself.       CUT_DELAY           has its socket closed
    4. The HTTP application ends.               APP_STOP            is cancelled, with an error in the log
    5. The journal commits its writes,          commit_timeout      is refused: it was not acknowledged
       and the log is read to its end.          and query_timeout   is not published: no client is left
    6. Where there are other servers, the       LEAVE, or           is ended by its own time
       lease is given up.                       query_timeout
    7. Read marks and deliveries are written:   three times         is unread again,
       the write under way, and once more.      query_timeout       and delivered again
    8. Waiting payloads go to the bus.          BUS_FLUSH           others read it from the log
    9. Connections to PostgreSQL close.         query_timeout       is ended from our side
    With several workers, each worker takes steps 1 to 9. The parent waits for all of them, and LAST_WORDS for the last
    message of each. Then it kills those that are left; they are gone in REAP.
    10. The WAL archive gets the last WAL,      ARCHIVE_FLUSH       gets it at the next start
        if there is one, and ends.              and ARCHIVE_STOP
    11. An embedded PostgreSQL stops: fast for  grace               is killed
        FAST_SHARE of it, and then at once.
    12. It is gone when killed.                 REAP                is left to the system

grace, commit_timeout and query_timeout are settings; a query that misses its deadline takes a second more. The lease is
given up by a write, which is not cancelled: if the database is silent, it takes that long.
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
ARCHIVE_FLUSH = 2.0
ARCHIVE_STOP = 1.0
FAST_SHARE = 0.8
REAP = 1.0


def longest_worker_stop(grace: float, commit_timeout: float, query_timeout: float) -> float:
    """Return the seconds that steps 1 to 9 take at most: after that a worker is killed."""
    return grace + CUT_DELAY + APP_STOP + commit_timeout + 6 * query_timeout + BUS_FLUSH


def longest_stop(grace: float, commit_timeout: float, query_timeout: float) -> float:
    """Return the seconds that a stop takes at most: a service manager waits for longer.

    With several workers it is REAP more.
    """
    return (
        longest_worker_stop(grace, commit_timeout, query_timeout)
        + ARCHIVE_FLUSH
        + ARCHIVE_STOP
        + grace
        + REAP
    )
