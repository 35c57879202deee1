#include "histogram.h"

uint64_t histogram_quantile(const struct histogram *h, double share) {
    if (!h->total) return 0;
    uint64_t rank = (uint64_t)(share * (double)h->total);
    if (rank >= h->total) rank = h->total - 1;
    uint64_t before = 0;
    for (unsigned place = 0; place < POWERS * SUB; place++) {
        before += h->counts[place];
        if (before > rank) {
            unsigned power = place / SUB, sub = place % SUB;
            uint64_t low = power ? (uint64_t)(SUB + sub) << (power - 1) : sub;
            uint64_t high = power ? low + (1ull << (power - 1)) : low + 1;
            uint64_t middle = (low + high) / 2;
            return middle < h->max ? middle : h->max;
        }
    }
    return h->max;
}
