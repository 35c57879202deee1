"""How long each step of a stop may take, in order, and what happens to whoever is not done. All in seconds.

    step                                        at most             who is not done
    1. Nobody new comes in; calls and refusals  at once             is closed
       that have not begun end.
    2. Calls under way are answered; sockets    config.grace        is cancelled: sockets end without a close
       hear all that was accepted, and why                          frame, calls without an answer
       they end. Of that, each socket:
         answers the close frame, or reads      CLOSE_ANSWER        hears nothing more
         what is before it
         reads the rest                         FLUSH               loses the rest
         closes TCP itself                      LINGER              is closed
    3. What was cancelled ends by itself.       CUT_DELAY           has its socket closed
    4. The HTTP application ends.               APP_STOP            is cancelled, with an error in the log
    5. What the journal has is committed.       config's            is refused: it was not acknowledged
                                                commit_timeout
    6. Connections to PostgreSQL close.         config's            is ended from our side
                                                query_timeout
    7. An embedded PostgreSQL stops: fast for   config.grace        is killed
       FAST_SHARE of it, and then at once.
    8. It is gone when killed.                  REAP                is left to the system

Each step has its own deadline, so none waits for the one before to be done. CLOSE_ANSWER, FLUSH and LINGER hold for
every socket that the server closes, at any time.
"""

CLOSE_ANSWER = 2.0
FLUSH = 1.0
LINGER = 1.0
CUT_DELAY = 0.5
APP_STOP = 0.5
FAST_SHARE = 0.8
REAP = 1.0


def longest_stop(grace: float, commit_timeout: float, query_timeout: float) -> float:
    """Return how many seconds a stop takes where each step takes all it may: a service manager waits for longer."""
    return grace + CUT_DELAY + APP_STOP + commit_timeout + query_timeout + grace + REAP
