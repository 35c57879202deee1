/* TLS under the frames, where it is asked for: whoever sends and receives does as with a socket. Nobody's certificate is
   looked at: only servers of this machine are loaded, with one that was just made. */

#include "load.h"

#include <errno.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

static SSL_CTX *context;

void tls_begin(struct conn *c) {
    if (!context) {
        context = SSL_CTX_new(TLS_client_method());
        if (!context) refuse("TLS can't be had");
        SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    }
    c->tls = SSL_new(context);
    if (!c->tls || !SSL_set_fd(c->tls, c->fd)) refuse("TLS can't be had for a connection");
    SSL_set_connect_state(c->tls);
}

/* As send() and recv() do: -1 and EAGAIN where it has to wait. */
static ssize_t done(struct conn *c, int result) {
    if (result > 0) return result;
    switch (SSL_get_error(c->tls, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: errno = EAGAIN; return -1;
    case SSL_ERROR_ZERO_RETURN: return 0;
    case SSL_ERROR_SYSCALL: return errno ? -1 : 0;
    default: errno = EPROTO; return -1;
    }
}

/* Returns 1 once hands are shaken. */
ssize_t tls_shake(struct conn *c) {
    ERR_clear_error();
    return done(c, SSL_do_handshake(c->tls));
}

bool tls_wants_out(struct conn *c) { return SSL_want_write(c->tls); }

ssize_t take(struct conn *c, void *to, size_t size) {
    if (!c->tls) return recv(c->fd, to, size, 0);
    size_t taken = 0;
    ssize_t got = 0;
    /* Until nothing is left: what was read from the socket and is kept here wakes nobody. */
    while (taken < size) {
        ERR_clear_error();
        errno = 0;
        got = done(c, SSL_read(c->tls, (char *)to + taken, (int)(size - taken)));
        if (got <= 0) break;
        taken += (size_t)got;
    }
    return taken ? (ssize_t)taken : got;
}

ssize_t give(struct conn *c, const void *from, size_t size) {
    if (!c->tls) return send(c->fd, from, size, MSG_NOSIGNAL);
    size_t given = 0;
    while (given < size) {
        ERR_clear_error();
        errno = 0;
        ssize_t got = done(c, SSL_write(c->tls, (const char *)from + given, (int)(size - given)));
        if (got <= 0) return given ? (ssize_t)given : got;
        given += (size_t)got;
    }
    return (ssize_t)given;
}
