/* The load generator's types and the state that its files share.

   It is one thread on one epoll. Connections stand in groups; what one member of a group says every other member
   hears (and it itself, in a group that echoes). A message is in flight until the last listener that must hear it
   has it; a speaker says the next one as soon as fewer than `inflight` of its own are. So the loop is closed by
   what the listeners have, and is the same for every server.

   The text of a message is "p0003n0000000123" and a padding that is the same for all: speaker 3's message 123. */

#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "histogram.h"

enum { HEAD = 16 }; /* bytes of "p0003n0000000123" */
enum { READ_SIZE = 1 << 20 };
enum { NUMBERS = 4 }; /* places of one frame at which the message's number stands */

struct group {
    bool echoes;
    uint32_t speakers; /* members that speak */
    uint32_t readers;  /* members that read */
};

/* Something said while a connection is set up, and what the answer must contain. Empty `say`: only wait; empty
   `expect`: do not wait. */
struct step {
    const char *say;
    const char *expect;
};

struct speaker;

enum state { IDLE, CONNECTING, SHAKING, UPGRADING, STEPPING, RECALLING, READY, GONE };

struct conn {
    int fd;
    struct ssl_st *tls;      /* NULL: in plain */
    enum state state;
    bool reads;
    bool wants_out;          /* registered for EPOLLOUT */
    struct group *group;
    struct speaker *speaker; /* NULL: only listens */
    const char *path;
    struct step *steps;
    uint32_t step_count;
    uint32_t step;
    uint32_t *expected;      /* the number of the next message, by the speaker's place in the group */
    uint8_t *tail;           /* the beginning of a frame whose rest has not come yet */
    size_t tail_size;
    uint8_t *out;            /* what the socket did not take */
    size_t out_size;
    const char *recall;      /* asks for history; NULL: none; empty: the last step has asked */
    const char *recall_end;  /* what the frame behind the history must contain; empty: there is none */
    uint32_t recall_lines;   /* that are to come */
    uint32_t recalled;
    uint32_t recall_speaker;
    uint32_t recall_next;
    uint64_t acks;
};

struct slot {
    uint64_t sent; /* CLOCK_MONOTONIC, ns */
    uint32_t missing;
};

struct speaker {
    struct conn *conn;
    uint32_t id;
    uint32_t place;     /* among the group's speakers */
    uint32_t listeners; /* that must hear it */
    uint32_t inflight;
    uint64_t next;
    bool queued;        /* stands in `ready` */
    struct slot *ring;
    const char *prefix, *suffix;
    uint8_t *frame;     /* one whole masked frame; the number is written into it */
    size_t frame_size;
    size_t number_at[NUMBERS]; /* in the frame */
    uint32_t numbers;
    uint8_t *payload;   /* what is heard, where the server passes it on as it is */
    size_t payload_size;
    size_t head_at;     /* in the payload */
};

struct options {
    const char *host;
    int port;
    const char *marker; /* stands before the text in what is heard */
    const char *ack;    /* marks an answer to the speaker; NULL: there is none */
    const char *beside; /* marks what is told beside messages; NULL: there is none */
    bool exact;         /* what is heard is byte for byte what was said */
    bool lines;         /* lines of IRC over TCP, in place of text frames of a WebSocket */
    uint32_t size;      /* bytes of a text */
    uint32_t inflight;  /* messages of a speaker */
    double rate;        /* messages/s of all speakers; 0: as fast as they are heard */
    uint64_t messages;  /* end after so many; 0: after the window */
    double warmup, seconds;
    uint32_t at_once;   /* handshakes under way */
    bool storm;
    bool tls;
    double patience;    /* seconds for everything that must happen */
};

extern struct options options;

extern struct group **groups;
extern struct conn *conns;
extern struct speaker *speakers;
extern uint32_t group_count, conn_count, speaker_count;

extern uint8_t *padding;
extern size_t padding_size;
extern uint32_t ring_mask;

/* What is counted while the window is open. */
struct measured {
    uint64_t deliveries, messages, reads, bytes;
    uint64_t heard_at, silence; /* when the last was heard, and the longest that nobody heard anything, ns */
    struct histogram latency, lateness;
};

extern bool measuring;
extern struct measured measured;

extern uint64_t said, completed, acked, flying; /* over the whole run */
extern uint32_t open_count, ready_count;
extern struct histogram storm_open, storm_ready, storm_first, storm_last;
extern uint64_t storm_began;
extern bool may_speak;

/* plan.c */
void read_plan(void);

/* wire.c */
void open_wire(void);
void begin_connecting(struct conn *c);
void turn(uint64_t until); /* one round of events; waits no longer than until then */
void send_text(struct conn *c, const char *text);
void send_bytes(struct conn *c, const uint8_t *bytes, size_t size);
size_t frame_header(uint8_t *to, size_t payload_size);
void watch_timer(int fd);
extern bool timer_fired;
void close_all(void);

/* tls.c */
void tls_begin(struct conn *c);
ssize_t tls_shake(struct conn *c);
bool tls_wants_out(struct conn *c);
ssize_t take(struct conn *c, void *to, size_t size);
ssize_t give(struct conn *c, const void *from, size_t size);

/* check.c */
void prepare_speakers(void);
bool is_beside(const uint8_t *payload, size_t size);
void hear(struct conn *c, const uint8_t *payload, size_t size, uint64_t now);
void hear_recalled(struct conn *c, const uint8_t *payload, size_t size, uint64_t now);
void speak(struct speaker *s, uint32_t count);
void speak_where_free(void);
void speak_in_turn(uint64_t pace_from, uint64_t now);

/* calibrate.c */
double calibrate(void); /* microseconds of CPU */

/* load.c */
uint64_t now_ns(void);
extern bool failed;
void violated(const char *format, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
