/* Reads from standard input who connects and says what. Fields are separated by tabs:

     group   ECHOES                 a group begins: 1 if a speaker hears itself, else 0
     conn    PATH READS             a connection of this group; 0: it never reads once it is set up
     step    SAY EXPECT             said while it is set up, and what the answer must contain; SAY may be empty
                                    (only wait), and EXPECT too (do not wait)
     speak   PREFIX SUFFIX          it speaks: PREFIX, text, SUFFIX are the frame; each ########## in PREFIX becomes
                                    the message's number, in ten digits (not with --exact)
                                    With --lines the three are a line of IRC, and there are no paths
     recall  SAY LINES END          last of all, it asks for history: so many lines, and what the frame behind them
                                    must contain. SAY is empty where the last step has asked, END where there is none */

#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct group **groups;
struct conn *conns;
struct speaker *speakers;
uint32_t group_count, conn_count, speaker_count;

static void *grown(void *array, uint32_t count, size_t size) {
    if (count & (count - 1)) return array; /* full at the powers of two */
    array = realloc(array, (count ? 2 * (size_t)count : 1) * size);
    if (!array) refuse("out of memory");
    memset((char *)array + count * size, 0, (count ? count : 1) * size);
    return array;
}

static char *field(char **rest) {
    char *text = strsep(rest, "\t");
    if (!text) refuse("the plan has a line with too few fields");
    return strdup(text);
}

void read_plan(void) {
    char *line = NULL;
    size_t space = 0;
    ssize_t size;
    uint32_t *speaks_at = NULL; /* the speakers' connections: the array of them still moves */
    while ((size = getline(&line, &space, stdin)) > 0) {
        if (line[size - 1] == '\n') line[size - 1] = 0;
        char *rest = line;
        char *word = strsep(&rest, "\t");
        struct conn *c = conn_count ? &conns[conn_count - 1] : NULL;
        if (!strcmp(word, "group")) {
            groups = grown(groups, group_count, sizeof *groups);
            struct group *g = groups[group_count++] = calloc(1, sizeof *g);
            g->echoes = atoi(field(&rest));
        } else if (!strcmp(word, "conn") && group_count) {
            conns = grown(conns, conn_count, sizeof *conns);
            c = &conns[conn_count++];
            c->fd = -1;
            c->group = groups[group_count - 1];
            c->path = field(&rest);
            c->reads = atoi(field(&rest));
            c->group->readers += c->reads;
        } else if (!strcmp(word, "step") && c) {
            c->steps = grown(c->steps, c->step_count, sizeof *c->steps);
            struct step *s = &c->steps[c->step_count++];
            s->say = field(&rest);
            s->expect = field(&rest);
        } else if (!strcmp(word, "speak") && c) {
            speakers = grown(speakers, speaker_count, sizeof *speakers);
            speaks_at = grown(speaks_at, speaker_count, sizeof *speaks_at);
            speaks_at[speaker_count] = conn_count - 1;
            struct speaker *s = &speakers[speaker_count];
            s->id = speaker_count++;
            s->place = c->group->speakers++;
            s->prefix = field(&rest);
            s->suffix = field(&rest);
        } else if (!strcmp(word, "recall") && c) {
            c->recall = field(&rest);
            c->recall_lines = (uint32_t)atoi(field(&rest));
            c->recall_end = field(&rest);
        } else {
            refuse("the plan has a line that begins with %.20s", word);
        }
    }
    free(line);
    if (!conn_count) refuse("the plan has no connections");
    if (speaker_count > 10000) refuse("no more than 10,000 can speak: their numbers have four digits");
    for (uint32_t i = 0; i < speaker_count; i++) {
        speakers[i].conn = &conns[speaks_at[i]];
        if (speakers[i].conn->speaker) refuse("a connection speaks twice");
        speakers[i].conn->speaker = &speakers[i];
    }
    free(speaks_at);
    for (uint32_t i = 0; i < conn_count; i++)
        if (conns[i].group->speakers) conns[i].expected = calloc(conns[i].group->speakers, sizeof(uint32_t));
}
