/* A histogram of microseconds-and-up durations in nanoseconds: 64 buckets for each power of two, so that what it
   tells is within 1.6 % of what was measured, in 15 KiB and a few instructions a value. */

#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

enum { SUB = 64, SUB_BITS = 6, POWERS = 36 };

struct histogram {
    uint64_t counts[POWERS * SUB];
    uint64_t total;
    uint64_t sum;
    uint64_t max;
};

static inline void histogram_add(struct histogram *h, uint64_t value) {
    unsigned power = value < SUB ? 0 : 63 - SUB_BITS - (unsigned)__builtin_clzll(value) + 1;
    unsigned place = power ? power * SUB + (unsigned)((value >> (power - 1)) - SUB) : (unsigned)value;
    if (place >= POWERS * SUB) place = POWERS * SUB - 1;
    h->counts[place]++;
    h->total++;
    h->sum += value;
    if (value > h->max) h->max = value;
}

/* The value that a share (0…1) of all values does not exceed; 0 of none. */
uint64_t histogram_quantile(const struct histogram *h, double share);

#endif
