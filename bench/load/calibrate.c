/* What the machine's TCP costs, whoever uses it: one send and one receive over loopback. Most of the price of a
   delivery is this, so figures of two machines can only be compared beside it. */

#include "load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PAIRS = 200, ROUNDS = 100, SIZE = 100 };

static double cpu(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

double calibrate(void) {
    static char bytes[SIZE];
    int here[PAIRS], there[PAIRS], yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, size) || listen(listener, PAIRS) ||
        getsockname(listener, (struct sockaddr *)&address, &size))
        refuse("loopback can't be listened on");
    for (int i = 0; i < PAIRS; i++) {
        here[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(here[i], (struct sockaddr *)&address, size)) refuse("loopback can't be connected to");
        there[i] = accept(listener, NULL, NULL);
        setsockopt(here[i], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double began = cpu();
        for (int i = 0; i < PAIRS; i++)
            if (send(here[i], bytes, SIZE, 0) != SIZE) refuse("loopback does not take what is sent");
        for (int i = 0; i < PAIRS; i++)
            if (recv(there[i], bytes, SIZE, MSG_WAITALL) != SIZE) refuse("loopback does not bring what was sent");
        double took = (cpu() - began) / PAIRS;
        if (took < best) best = took;
    }
    for (int i = 0; i < PAIRS; i++) close(here[i]), close(there[i]);
    close(listener);
    return best;
}
