/* Sockets and frames (RFC 6455), or lines (RFC 1459). What is read is looked at where it lies; only the beginning of
   a frame whose rest has not come yet is kept. Frames are masked with a key of zeros, so their bytes are the text's
   own. */

#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 512, DEAF_BUFFER = 4096, LONGEST_FRAME = READ_SIZE / 2 };
enum { TEXT = 0x81, CLOSE = 0x88, PING = 0x89, PONG = 0x8a, MASKED = 0x80 };

/* The key and its answer of RFC 6455, section 1.3. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ANSWER "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

uint32_t open_count, ready_count;
bool timer_fired;

static int poll_fd;
static int timer_fd = -1;
static struct sockaddr_in server;
static uint8_t buffer[READ_SIZE];

void open_wire(void) {
    poll_fd = epoll_create1(EPOLL_CLOEXEC);
    server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)options.port)};
    if (inet_pton(AF_INET, options.host, &server.sin_addr) != 1) refuse("no IPv4 address: %s", options.host);
    if ((ntohl(server.sin_addr.s_addr) >> 24) != 127) refuse("only servers of this machine are loaded");
}

static void watch(struct conn *c, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (epoll_ctl(poll_fd, operation, c->fd, &event)) refuse("epoll_ctl: %s", strerror(errno));
    c->wants_out = events & EPOLLOUT;
}

void watch_timer(int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &timer_fd};
    timer_fd = fd;
    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event)) refuse("epoll_ctl: %s", strerror(errno));
}

void begin_connecting(struct conn *c) {
    int yes = 1, small = DEAF_BUFFER;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) refuse("socket: %s (raise the limit of open files?)", strerror(errno));
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    /* One that does not read has little room: the server meets its silence at once, not after megabytes. */
    if (!c->reads) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(c->fd, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS)
        return violated("connect: %s", strerror(errno));
    c->state = CONNECTING;
    watch(c, EPOLL_CTL_ADD, EPOLLOUT);
}

/* Masked with zeros; returns how long it is. */
size_t frame_header(uint8_t *to, size_t payload_size) {
    size_t at = 2;
    to[0] = TEXT;
    if (payload_size < 126) {
        to[1] = (uint8_t)(MASKED | payload_size);
    } else if (payload_size < 65536) {
        to[1] = MASKED | 126, to[2] = (uint8_t)(payload_size >> 8), to[3] = (uint8_t)payload_size, at = 4;
    } else {
        refuse("a message is too long");
    }
    memset(to + at, 0, 4);
    return at + 4;
}

static void lost(struct conn *c, const char *why) {
    if (c->state == GONE) return;
    c->state = GONE;
    epoll_ctl(poll_fd, EPOLL_CTL_DEL, c->fd, NULL);
    if (c->reads) violated("connection %ld was lost: %s", (long)(c - conns), why);
}

void send_bytes(struct conn *c, const uint8_t *bytes, size_t size) {
    if (c->state == GONE) return;
    if (!c->out_size) {
        ssize_t taken = give(c, bytes, size);
        if (taken < 0 && errno != EAGAIN) return lost(c, strerror(errno));
        if (taken > 0) bytes += taken, size -= (size_t)taken;
        if (!size) return;
    }
    c->out = realloc(c->out, c->out_size + size);
    memcpy(c->out + c->out_size, bytes, size);
    c->out_size += size;
    if (!c->wants_out) watch(c, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
}

static void send_rest(struct conn *c) {
    ssize_t taken = give(c, c->out, c->out_size);
    if (taken < 0 && errno != EAGAIN) return lost(c, strerror(errno));
    if (taken > 0) {
        c->out_size -= (size_t)taken;
        memmove(c->out, c->out + taken, c->out_size);
    }
    if (!c->out_size) watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

static void send_frame(struct conn *c, uint8_t first, const void *payload, size_t size) {
    uint8_t frame[4096];
    if (size > sizeof frame - 14) refuse("what is said at the set-up is too long");
    size_t header = frame_header(frame, size);
    frame[0] = first;
    memcpy(frame + header, payload, size);
    send_bytes(c, frame, header + size);
}

static void send_line(struct conn *c, const void *text, size_t size) {
    uint8_t line[4096];
    if (size > sizeof line - 2) refuse("what is said at the set-up is too long");
    memcpy(line, text, size);
    memcpy(line + size, "\r\n", 2);
    send_bytes(c, line, size + 2);
}

void send_text(struct conn *c, const char *text) {
    if (options.lines) return send_line(c, text, strlen(text));
    send_frame(c, TEXT, text, strlen(text));
}

static void now_ready(struct conn *c) {
    c->state = READY;
    ready_count++;
    if (!c->reads) epoll_ctl(poll_fd, EPOLL_CTL_DEL, c->fd, NULL);
}

/* Go on with the set-up: say what comes next, until there is something to wait for. */
static void next_step(struct conn *c, uint64_t now) {
    for (; c->step < c->step_count; c->step++) {
        c->state = STEPPING;
        if (*c->steps[c->step].say) send_text(c, c->steps[c->step].say);
        if (*c->steps[c->step].expect) return;
    }
    if (options.storm) histogram_add(&storm_ready, now - storm_began);
    if (!c->recall) return now_ready(c);
    c->state = RECALLING;
    if (*c->recall) send_text(c, c->recall);
}

static void hear_step(struct conn *c, const uint8_t *payload, size_t size, uint64_t now) {
    if (is_beside(payload, size)) return;
    const char *expect = c->steps[c->step].expect;
    bool is_expected = memmem(payload, size, expect, strlen(expect));
    if (!is_expected && options.lines) return; /* a server of IRC greets with many lines */
    if (!is_expected)
        return violated("set-up: expected %s, heard %.*s", expect, size > 200 ? 200 : (int)size, payload);
    c->step++;
    next_step(c, now);
}

static void hear_frame(struct conn *c, uint8_t first, const uint8_t *payload, size_t size, uint64_t now) {
    switch (first) {
    case TEXT:
        if (c->state == READY) return hear(c, payload, size, now);
        if (c->state == RECALLING) return hear_recalled(c, payload, size, now);
        return hear_step(c, payload, size, now);
    case PING:
        return send_frame(c, PONG, payload, size);
    case PONG:
        return;
    case CLOSE: {
        char why[160];
        int code = size >= 2 ? payload[0] << 8 | payload[1] : 1005;
        snprintf(why, sizeof why, "closed with %d %.*s", code, size > 2 ? (int)size - 2 : 0, payload + 2);
        return lost(c, why);
    }
    default:
        return violated("a frame begins with %#x", first);
    }
}

static void send_pong(struct conn *c, const uint8_t *what, size_t size) {
    char line[512];
    if (size > sizeof line - 5) return violated("a PING is too long");
    memcpy(line, "PONG ", 5);
    memcpy(line + 5, what, size);
    send_line(c, line, 5 + size);
}

static void end_by_error(struct conn *c, const uint8_t *line, size_t size) {
    char why[160];
    snprintf(why, sizeof why, "%.*s", (int)size, line);
    lost(c, why);
}

/* Look at all whole frames; returns how many bytes they take. */
static size_t hear_frames(struct conn *c, const uint8_t *bytes, size_t size, uint64_t now) {
    size_t at = 0;
    while (size - at >= 2 && c->state != GONE) {
        const uint8_t *frame = bytes + at;
        size_t have = size - at, header = 2, payload = frame[1];
        if (payload == 126) {
            if (have < 4) break;
            header = 4, payload = (size_t)frame[2] << 8 | frame[3];
        } else if (payload == 127) {
            if (have < 10) break;
            header = 10, payload = 0;
            for (int i = 2; i < 10; i++) payload = payload << 8 | frame[i];
        }
        if (frame[1] & MASKED || payload > LONGEST_FRAME) {
            violated("a frame has the bad header %#x %#x", frame[0], frame[1]);
            break;
        }
        if (have < header + payload) break;
        hear_frame(c, frame[0], frame + header, payload, now);
        at += header + payload;
    }
    return at;
}

/* Look at all whole lines; returns how many bytes they take. */
static size_t hear_lines(struct conn *c, const uint8_t *bytes, size_t size, uint64_t now) {
    size_t at = 0;
    const uint8_t *end;
    while (c->state != GONE && (end = memchr(bytes + at, '\n', size - at))) {
        const uint8_t *line = bytes + at;
        size_t length = (size_t)(end - line);
        at += length + 1;
        if (!length || line[--length] != '\r') violated("a line ends without CR");
        else if (length > 5 && !memcmp(line, "PING ", 5)) send_pong(c, line + 5, length - 5);
        else if (length > 5 && !memcmp(line, "ERROR", 5)) end_by_error(c, line, length);
        else if (c->state == READY) hear(c, line, length, now);
        else hear_step(c, line, length, now);
    }
    return at;
}

static void upgrade(struct conn *c) {
    if (options.lines) {
        watch(c, EPOLL_CTL_MOD, EPOLLIN);
        open_count++;
        return next_step(c, now_ns());
    }
    char request[1024];
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: %s:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n\r\n",
                        c->path, options.host, options.port);
    if (size >= (int)sizeof request) refuse("a path is too long");
    c->state = UPGRADING;
    watch(c, EPOLL_CTL_MOD, EPOLLIN);
    send_bytes(c, (uint8_t *)request, (size_t)size);
}

/* Look at the answer to the upgrade; returns how many bytes it takes, 0 if it is not whole yet. */
static size_t hear_answer(struct conn *c, const uint8_t *bytes, size_t size, uint64_t now) {
    const uint8_t *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (!end) return 0;
    size_t length = (size_t)(end + 4 - bytes);
    if (length < 12 || memcmp(bytes, "HTTP/1.1 101", 12) || !memmem(bytes, length, ANSWER, strlen(ANSWER)))
        violated("the upgrade of connection %ld was answered by %.60s", (long)(c - conns), bytes);
    open_count++;
    if (options.storm) histogram_add(&storm_open, now - storm_began);
    next_step(c, now);
    return length;
}

static void receive(struct conn *c) {
    memcpy(buffer, c->tail, c->tail_size);
    ssize_t got = take(c, buffer + c->tail_size, READ_SIZE - c->tail_size);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return lost(c, got ? strerror(errno) : "the server closed TCP");
    uint64_t now = now_ns();
    if (measuring) measured.reads++, measured.bytes += (uint64_t)got;
    size_t size = c->tail_size + (size_t)got, at = 0;
    if (c->state == UPGRADING) at = hear_answer(c, buffer, size, now);
    if (options.lines) at = hear_lines(c, buffer, size, now);
    else if (c->state != UPGRADING) at += hear_frames(c, buffer + at, size - at, now);
    c->tail_size = size - at;
    if (c->tail_size) {
        c->tail = realloc(c->tail, c->tail_size);
        memcpy(c->tail, buffer + at, c->tail_size);
    }
}

static void shake_hands(struct conn *c) {
    ssize_t shaken = tls_shake(c);
    if (shaken > 0) return upgrade(c);
    if (!shaken || errno != EAGAIN) return lost(c, "no TLS handshake");
    watch(c, EPOLL_CTL_MOD, tls_wants_out(c) ? EPOLLOUT : EPOLLIN);
}

static void finish_connecting(struct conn *c) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) return lost(c, strerror(error));
    if (!options.tls) return upgrade(c);
    c->state = SHAKING;
    tls_begin(c);
    shake_hands(c);
}

void turn(uint64_t until) {
    struct epoll_event events[EVENTS];
    uint64_t now = now_ns();
    /* Rounded down, so that a wait never oversleeps; less than a millisecond is waited for by turning. */
    int wait = until <= now ? 0 : (int)((until - now) / 1000000);
    int count = epoll_wait(poll_fd, events, EVENTS, wait);
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == &timer_fd) {
            uint64_t times;
            timer_fired = read(timer_fd, &times, sizeof times) > 0;
            continue;
        }
        struct conn *c = events[i].data.ptr;
        if (c->state == CONNECTING) {
            finish_connecting(c);
            continue;
        }
        if (c->state == SHAKING) {
            shake_hands(c);
            continue;
        }
        if (events[i].events & EPOLLOUT && c->state != GONE) send_rest(c);
        if (events[i].events & ~(uint32_t)EPOLLOUT && c->state != GONE) receive(c);
    }
}

void close_all(void) {
    static const uint8_t normal[2] = {1000 >> 8, 1000 & 0xff};
    for (uint32_t i = 0; i < conn_count; i++) {
        if (conns[i].fd < 0) continue;
        if (conns[i].state == READY && !conns[i].out_size) {
            if (options.lines) send_text(&conns[i], "QUIT");
            else send_frame(&conns[i], CLOSE, normal, sizeof normal);
        }
        close(conns[i].fd);
    }
}
