/* The load generator: connects, lets the speakers speak, checks all that is heard, and prints what it measured.

     load --port PORT --marker TEXT [options] < plan
     load --calibrate

   Standard output is one JSON object a line: {"event": "connected" | "window" | "closed"} as it goes on, so that
   whoever runs it can look at the server's accounts at these moments, and at the end the result. The exit status
   is 0 only if every message was heard once, in order and unaltered, by everyone who had to hear it. */

#define _GNU_SOURCE
#include "load.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <time.h>

enum { ERRORS = 5 };

/* Between the last handshake and the first message: the server may still be putting the last client in its list. */
static const double SETTLE = 0.5;
/* After the last message is heard by all: whatever comes now is doubled. */
static const double QUIET = 0.3;

struct options options = {
    .host = "127.0.0.1",
    .marker = "\"message\":\"",
    .size = 64,
    .inflight = 4,
    .warmup = 1,
    .seconds = 5,
    .at_once = 128,
    .patience = 60,
};

bool measuring, failed;
struct measured measured;
struct histogram storm_open, storm_ready, storm_first, storm_last;
uint64_t storm_began;

static char *errors[ERRORS];
static int error_count;
static uint64_t pace_from;
static double connect_seconds, window_seconds, cpu_seconds;

uint64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t in(double seconds) { return now_ns() + (uint64_t)(seconds * 1e9); }

void violated(const char *format, ...) {
    failed = true;
    if (error_count == ERRORS) return;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&errors[error_count++], format, arguments) < 0) abort();
    va_end(arguments);
}

_Noreturn void refuse(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(2);
}

static void announce(const char *event) {
    printf("{\"event\":\"%s\"}\n", event);
    fflush(stdout);
}

static double cpu_used(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void connect_all(void) {
    uint64_t began = now_ns(), deadline = in(options.patience);
    uint32_t begun = 0;
    storm_began = began;
    while (ready_count < conn_count && !failed) {
        while (begun < conn_count && begun - ready_count < options.at_once) begin_connecting(&conns[begun++]);
        if (now_ns() > deadline) violated("%u of %u connections were set up in time", ready_count, conn_count);
        turn(deadline);
    }
    connect_seconds = (double)(now_ns() - began) / 1e9;
}

/* Let time pass; whoever may speak speaks. */
static void talk_until(uint64_t end) {
    while (now_ns() < end && !failed) {
        if (options.rate > 0) {
            if (timer_fired) timer_fired = false, speak_in_turn(pace_from, now_ns());
        } else {
            speak_where_free();
        }
        turn(end);
    }
}

static void start_pacing(void) {
    if (options.rate <= 0 || !speaker_count) return;
    long period = (long)(1e9 / options.rate), second = 1000000000;
    pace_from = in(0.001);
    struct itimerspec spec = {
        .it_interval = {period / second, period % second},
        .it_value = {(long)pace_from / second, (long)pace_from % second},
    };
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL);
    watch_timer(fd);
}

static void open_window(void) {
    announce("window");
    memset(&measured, 0, sizeof measured);
    cpu_seconds = cpu_used();
    measured.heard_at = now_ns();
    window_seconds = (double)measured.heard_at / 1e9;
    measuring = true;
}

static void close_window(void) {
    measuring = false;
    window_seconds = (double)now_ns() / 1e9 - window_seconds;
    cpu_seconds = cpu_used() - cpu_seconds;
    announce("closed");
}

static void drain(void) {
    uint64_t deadline = in(options.patience);
    while (flying && !failed) {
        if (now_ns() > deadline) violated("lost: %lu messages were not heard by all who had to", flying);
        turn(deadline);
    }
    uint64_t quiet = in(QUIET);
    while (now_ns() < quiet && !failed) turn(quiet);
    if (!failed && options.ack && acked != said) violated("%lu said, %lu acknowledged", said, acked);
}

static void say_so_many(void) {
    uint64_t deadline = in(options.patience);
    while (completed < options.messages && !failed) {
        if (now_ns() > deadline) violated("%lu of %lu messages in time", completed, options.messages);
        speak_where_free();
        turn(deadline);
    }
}

static void print_text(const char *text) {
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') printf("\\%c", *text);
        else if ((unsigned char)*text < 32 || (unsigned char)*text > 126) printf("\\u%04x", (unsigned char)*text);
        else putchar(*text);
    }
    putchar('"');
}

static void print_histogram(const char *name, const struct histogram *h) {
    printf(",\"%s\":{\"count\":%lu,\"mean\":%.1f,\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"p999\":%.1f,\"max\":%.1f}",
           name, h->total, h->total ? (double)h->sum / (double)h->total / 1e3 : 0.0,
           (double)histogram_quantile(h, 0.5) / 1e3, (double)histogram_quantile(h, 0.9) / 1e3,
           (double)histogram_quantile(h, 0.99) / 1e3, (double)histogram_quantile(h, 0.999) / 1e3, (double)h->max / 1e3);
}

static void report(void) {
    double window = window_seconds > 0 ? window_seconds : 1;
    printf("{\"event\":\"result\",\"ok\":%s,\"errors\":[", failed ? "false" : "true");
    for (int i = 0; i < error_count; i++) {
        if (i) putchar(',');
        print_text(errors[i]);
    }
    printf("],\"connections\":%u,\"speakers\":%u,\"connect_seconds\":%.4f,\"said\":%lu,\"completed\":%lu,"
           "\"acknowledged\":%lu,\"window_seconds\":%.4f,\"deliveries\":%lu,\"messages\":%lu,"
           "\"deliveries_per_s\":%.1f,\"messages_per_s\":%.1f,\"silence_us\":%.1f",
           ready_count, speaker_count, connect_seconds, said, completed, acked, window_seconds, measured.deliveries,
           measured.messages, (double)measured.deliveries / window, (double)measured.messages / window,
           (double)measured.silence / 1e3);
    print_histogram("latency_us", &measured.latency);
    print_histogram("lateness_us", &measured.lateness);
    if (options.storm) {
        print_histogram("storm_open_us", &storm_open);
        print_histogram("storm_ready_us", &storm_ready);
        print_histogram("storm_first_us", &storm_first);
        print_histogram("storm_last_us", &storm_last);
    }
    double reads = measured.reads ? (double)measured.reads : 1;
    printf(",\"generator\":{\"cpu_seconds\":%.4f,\"cpu_share\":%.4f,\"deliveries_per_read\":%.2f,"
           "\"bytes_per_read\":%.0f}}\n",
           cpu_seconds, cpu_seconds / window, (double)measured.deliveries / reads, (double)measured.bytes / reads);
    fflush(stdout);
}

static void read_options(int count, char **words) {
    static const struct option known[] = {
        {"host", 1, 0, 'h'},     {"port", 1, 0, 'p'},     {"marker", 1, 0, 'm'},  {"ack", 1, 0, 'a'},
        {"beside", 1, 0, 'b'},
        {"exact", 0, 0, 'e'},    {"size", 1, 0, 's'},     {"inflight", 1, 0, 'i'}, {"rate", 1, 0, 'r'},
        {"messages", 1, 0, 'n'}, {"warmup", 1, 0, 'w'},   {"seconds", 1, 0, 't'}, {"at-once", 1, 0, 'o'},
        {"storm", 0, 0, 'S'},    {"patience", 1, 0, 'P'}, {"calibrate", 0, 0, 'c'},
        {"tls", 0, 0, 'T'},      {"lines", 0, 0, 'L'},    {0},
    };
    for (int option; (option = getopt_long(count, words, "", known, NULL)) != -1;) switch (option) {
        case 'h': options.host = optarg; break;
        case 'p': options.port = atoi(optarg); break;
        case 'm': options.marker = optarg; break;
        case 'a': options.ack = optarg; break;
        case 'b': options.beside = optarg; break;
        case 'e': options.exact = true; break;
        case 's': options.size = (uint32_t)atoi(optarg); break;
        case 'i': options.inflight = (uint32_t)atoi(optarg); break;
        case 'r': options.rate = atof(optarg); break;
        case 'n': options.messages = strtoull(optarg, NULL, 10); break;
        case 'w': options.warmup = atof(optarg); break;
        case 't': options.seconds = atof(optarg); break;
        case 'o': options.at_once = (uint32_t)atoi(optarg); break;
        case 'T': options.tls = true; break;
        case 'L': options.lines = true; break;
        case 'S': options.storm = true; break;
        case 'P': options.patience = atof(optarg); break;
        case 'c':
            printf("{\"event\":\"result\",\"send_receive_us\":%.2f}\n", calibrate());
            exit(0);
        default: exit(2);
    }
    if (options.port <= 0 || options.size < HEAD || !options.inflight || !options.at_once)
        refuse("needs --port, a --size of %d or more, and positive numbers", HEAD);
}

int main(int count, char **words) {
    prctl(PR_SET_PDEATHSIG, SIGTERM); /* whoever runs it may be killed */
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    read_options(count, words);
    read_plan();
    prepare_speakers();
    open_wire();
    if (options.storm) { /* the storm is the window */
        options.at_once = conn_count;
        open_window();
        connect_all();
        close_window();
    } else {
        connect_all();
        announce("connected");
        if (!failed) talk_until(in(SETTLE));
        may_speak = true;
        start_pacing();
        if (options.messages) {
            say_so_many();
        } else {
            if (!failed) talk_until(in(options.warmup));
            open_window();
            if (!failed) talk_until(in(options.seconds));
            close_window();
        }
        may_speak = false;
        drain();
    }
    report();
    close_all();
    return failed ? 1 : 0;
}
