/* What is said, and whether it is heard: each message once, in each speaker's order, with the right text. */

#define _GNU_SOURCE
#include "load.h"

#include <stdlib.h>
#include <string.h>

uint8_t *padding;
size_t padding_size;
uint32_t ring_mask;

uint64_t said, completed, acked, flying;
bool may_speak;

static struct speaker **ready; /* those that may have a place in flight free */
static uint32_t ready_size;
static uint64_t paced; /* messages said since pace_from */
static size_t marker_size, ack_size, marker_at; /* where the marker was found last */

enum { SCRATCH = 1 << 20 };
static uint8_t scratch[SCRATCH];

/* A text has at most 4,000 characters; one of more bytes has enough letters of two. */
enum { LONGEST = 4000 };

static void make_padding(void) {
    padding_size = options.size - HEAD;
    padding = malloc(padding_size + 1);
    size_t wide = options.size > LONGEST ? options.size - LONGEST : 0, at = 0;
    if (2 * wide > padding_size) refuse("a text of %u bytes has more than 4,000 characters", options.size);
    for (; wide; wide--) memcpy(padding + at, "é", 2), at += 2;
    for (; at < padding_size; at++) padding[at] = (uint8_t)('a' + at % 26);
}

static void put_digits(uint8_t *to, int count, uint64_t value) {
    while (count--) to[count] = (uint8_t)('0' + value % 10), value /= 10;
}

static inline bool get_digits(const uint8_t *from, int count, uint64_t *value) {
    uint64_t sum = 0;
    for (int i = 0; i < count; i++) {
        unsigned digit = from[i] - (unsigned)'0';
        if (digit > 9) return false;
        sum = sum * 10 + digit;
    }
    *value = sum;
    return true;
}

/* Where the number stands: in the text, and wherever the prefix asks for it. */
static void find_numbers(struct speaker *s, size_t header, size_t prefix) {
    static const char wanted[] = "##########";
    size_t size = sizeof wanted - 1;
    s->number_at[s->numbers++] = header + prefix + 6;
    for (const char *at = s->prefix; (at = strstr(at, wanted)); at += size) {
        if (s->numbers == NUMBERS) refuse("a speaker's frame has its number in more than %d places", NUMBERS);
        if (options.exact) refuse("a frame with its number before the text is not heard as it was said");
        s->number_at[s->numbers++] = header + (size_t)(at - s->prefix);
    }
}

static void prepare(struct speaker *s) {
    struct conn *c = s->conn;
    size_t prefix = strlen(s->prefix), suffix = strlen(s->suffix);
    s->listeners = c->group->readers - (c->reads && !c->group->echoes);
    s->ring = calloc(ring_mask + 1, sizeof *s->ring);
    s->payload_size = prefix + options.size + suffix;
    s->frame = malloc(16 + s->payload_size);
    size_t header = options.lines ? 0 : frame_header(s->frame, s->payload_size);
    size_t end = header + s->payload_size, line_end = options.lines ? 2 : 0;
    memcpy(s->frame + end, "\r\n", line_end);
    s->frame_size = end + line_end;
    s->payload = s->frame + header;
    s->head_at = prefix;
    find_numbers(s, header, prefix);
    uint8_t *text = s->payload + prefix;
    memcpy(s->payload, s->prefix, prefix);
    text[0] = 'p', text[5] = 'n';
    put_digits(text + 1, 4, s->id);
    put_digits(text + 6, 10, 0);
    memcpy(text + HEAD, padding, padding_size);
    memcpy(text + options.size, s->suffix, suffix);
    if (s->frame_size > SCRATCH) refuse("a message is too long");
}

void prepare_speakers(void) {
    marker_size = strlen(options.marker);
    ack_size = options.ack ? strlen(options.ack) : 0;
    make_padding();
    uint32_t places = 64; /* without a closed loop more are in flight when a server stalls */
    while (places < (options.rate > 0 ? 65536 : options.inflight)) places *= 2;
    ring_mask = places - 1;
    ready = calloc(speaker_count + 1, sizeof *ready);
    for (uint32_t i = 0; i < speaker_count; i++) {
        prepare(&speakers[i]);
        if (!speakers[i].listeners) refuse("speaker %u has nobody who listens", i);
        if (options.rate <= 0) speakers[i].queued = true, ready[ready_size++] = &speakers[i];
    }
}

/* Say the next `count` messages, in as few writes as the scratch space allows. */
void speak(struct speaker *s, uint32_t count) {
    while (count) {
        uint64_t now = now_ns();
        size_t size = 0;
        for (; count && size + s->frame_size <= SCRATCH; count--) {
            struct slot *slot = &s->ring[s->next & ring_mask];
            slot->sent = now;
            slot->missing = s->listeners;
            for (uint32_t i = 0; i < s->numbers; i++) put_digits(s->frame + s->number_at[i], 10, s->next);
            s->next++;
            memcpy(scratch + size, s->frame, s->frame_size);
            size += s->frame_size;
            s->inflight++, flying++, said++;
        }
        send_bytes(s->conn, scratch, size);
    }
}

void speak_where_free(void) {
    while (may_speak && ready_size) {
        struct speaker *s = ready[--ready_size];
        s->queued = false;
        uint32_t free_places = options.inflight - s->inflight;
        if (options.messages && free_places > options.messages - said)
            free_places = (uint32_t)(options.messages - said);
        speak(s, free_places);
    }
}

void speak_in_turn(uint64_t pace_from, uint64_t now) {
    for (;;) {
        uint64_t due = pace_from + (uint64_t)((double)paced * 1e9 / options.rate);
        if (due > now || !may_speak) return;
        struct speaker *s = &speakers[paced++ % speaker_count];
        if (s->inflight > ring_mask) return violated("the server is %u messages behind", s->inflight);
        if (measuring) histogram_add(&measured.lateness, now - due);
        speak(s, 1);
    }
}

static const uint8_t *find_text(const uint8_t *payload, size_t size) {
    if (marker_at + marker_size <= size && !memcmp(payload + marker_at, options.marker, marker_size))
        return payload + marker_at + marker_size;
    const uint8_t *found = memmem(payload, size, options.marker, marker_size);
    if (!found) return NULL;
    marker_at = (size_t)(found - payload);
    return found + marker_size;
}

/* The speaker and the number that a text begins with; false if it is no text of ours, whole and unaltered.
   A quotation mark ends it, or the line does. */
static inline bool read_text(const uint8_t *text, const uint8_t *end, uint64_t *id, uint64_t *number) {
    if (options.lines ? text + options.size != end : text + options.size >= end || text[options.size] != '"')
        return false;
    return text[0] == 'p' && text[5] == 'n' && get_digits(text + 1, 4, id) && get_digits(text + 6, 10, number) &&
           !memcmp(text + HEAD, padding, padding_size);
}

/* Whether it is told beside messages, at any time. */
bool is_beside(const uint8_t *payload, size_t size) {
    return options.beside && memmem(payload, size, options.beside, strlen(options.beside));
}

void hear(struct conn *c, const uint8_t *payload, size_t size, uint64_t now) {
    const uint8_t *text = find_text(payload, size);
    if (!text) {
        if (ack_size && c->speaker && memmem(payload, size, options.ack, ack_size)) {
            acked++;
            if (++c->acks > c->speaker->next) violated("speaker %u: acknowledged more than it said", c->speaker->id);
            return;
        }
        if (is_beside(payload, size)) return;
        return violated("unexpected frame: %.*s", size > 200 ? 200 : (int)size, payload);
    }
    uint64_t id, number;
    if (!read_text(text, payload + size, &id, &number) || id >= speaker_count)
        return violated("not what was said: %.*s", size > 200 ? 200 : (int)size, payload);
    struct speaker *s = &speakers[id];
    size_t rest = s->head_at + HEAD;
    if (options.exact && (size != s->payload_size || memcmp(payload, s->payload, s->head_at) ||
                          memcmp(payload + rest, s->payload + rest, size - rest)))
        return violated("not what was said: %.*s", size > 200 ? 200 : (int)size, payload);
    if (s->conn->group != c->group || (s->conn == c && !c->group->echoes))
        return violated("speaker %u is heard where it must not be", s->id);
    uint32_t *expected = &c->expected[s->place];
    if (number != *expected) {
        const char *what = number < *expected ? "doubled or out of order" : "one lost or out of order";
        return violated("speaker %u: heard %lu in place of %u: %s", s->id, number, *expected, what);
    }
    if (number >= s->next) return violated("speaker %u: heard %lu, which was not said", s->id, number);
    ++*expected;
    struct slot *slot = &s->ring[number & ring_mask];
    if (measuring) {
        measured.deliveries++;
        if (now - measured.heard_at > measured.silence) measured.silence = now - measured.heard_at;
        measured.heard_at = now;
        histogram_add(&measured.latency, now - slot->sent);
    }
    if (--slot->missing) return;
    s->inflight--, flying--, completed++;
    measured.messages += measuring;
    if (!s->queued && options.rate <= 0) s->queued = true, ready[ready_size++] = s;
}

static void all_recalled(struct conn *c, uint64_t now) {
    histogram_add(&storm_last, now - storm_began);
    c->state = READY;
    ready_count++;
}

/* History: so many lines, consecutive ones of one speaker, and then its end. */
void hear_recalled(struct conn *c, const uint8_t *payload, size_t size, uint64_t now) {
    if (is_beside(payload, size)) return;
    if (c->recalled == c->recall_lines) {
        if (memmem(payload, size, c->recall_end, strlen(c->recall_end))) return all_recalled(c, now);
        return violated("expected %s behind the history, heard %.*s", c->recall_end, size > 200 ? 200 : (int)size,
                        payload);
    }
    const uint8_t *text = find_text(payload, size);
    uint64_t id, number;
    if (!text || !read_text(text, payload + size, &id, &number))
        return violated("unexpected line of history: %.*s", size > 200 ? 200 : (int)size, payload);
    if (!c->recalled) {
        c->recall_speaker = (uint32_t)id, c->recall_next = (uint32_t)number;
        histogram_add(&storm_first, now - storm_began);
    }
    if (id != c->recall_speaker || number != c->recall_next++)
        return violated("history has a gap before %lu of speaker %lu", number, id);
    if (++c->recalled == c->recall_lines && !*c->recall_end) all_recalled(c, now);
}
