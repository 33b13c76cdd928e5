/* Which attributes a Query response holds, and of which types: what a schema is inferred from. */
#include "json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

enum { MAX_NAMES = 1024, SLOTS = 4096 };

typedef struct {
    int32_t start, length, kinds;
} attribute;

typedef struct {
    const uint8_t *body;
    attribute *found;
    int32_t count, items;
    int32_t slot[SLOTS];     /* 1 + the attribute, 0 where empty */
    int32_t item[MAX_NAMES]; /* the last one that has the attribute, counted from 1 */
} names;

static attribute *attribute_of(names *n, const text *name) {
    for (uint32_t at = hash_of(name->start, name->length);; at++) {
        int32_t *slot = &n->slot[at % SLOTS];
        attribute *known = *slot ? &n->found[*slot - 1] : NULL;
        if (known == NULL) {
            if (n->count == MAX_NAMES) return NULL;
            known = &n->found[n->count++];
            *known = (attribute){(int32_t)(name->start - n->body), (int32_t)name->length, 0};
            *slot = n->count;
        }
        if (known->length == name->length && memcmp(n->body + known->start, name->start, (size_t)name->length) == 0)
            return known;
    }
}

static int take_item(cursor *c, names *n) {
    if (!take(c, '{')) return 0;
    if (take(c, '}')) return 1;
    n->items++;
    do {
        text name, tag;
        attribute *known;
        int32_t *item;
        if (!take_text(c, &name) || name.escaped || !take(c, ':') || !take(c, '{') || !take_text(c, &tag)) return 0;
        known = attribute_of(n, &name);
        if (known == NULL || kind_of_tag(&tag) == ABSENT || !take(c, ':') || !skip_value(c, 0) || !take(c, '}')) return 0;
        item = &n->item[known - n->found];
        if (*item == n->items) return 0; /* twice in one item: Python decides which of them counts */
        *item = n->items;
        known->kinds |= kind_of_tag(&tag);
    } while (take(c, ','));
    return take(c, '}');
}

static int take_page(cursor *c, names *n) {
    if (!take(c, '{')) return 0;
    if (take(c, '}')) return 1;
    do {
        text name;
        if (!take_text(c, &name) || !take(c, ':')) return 0;
        if (name.length != 5 || memcmp(name.start, "Items", 5) != 0) {
            if (!skip_value(c, 0)) return 0;
            continue;
        }
        if (!take(c, '[')) return 0;
        if (take(c, ']')) continue;
        do {
            if (!take_item(c, n)) return 0;
        } while (take(c, ','));
        if (!take(c, ']')) return 0;
    } while (take(c, ','));
    return take(c, '}');
}

/* Writes start, length and kinds of each attribute's name to `found`, which has room for 1,024 of them; returns their
 * number, or -1 where the page is declined. */
EXPORT int32_t page_kinds(const uint8_t *body, int64_t length, attribute *found) {
    cursor c = {body, body + length};
    names *n = length < INT32_MAX / 2 ? calloc(1, sizeof *n) : NULL;
    int32_t count = -1;
    if (n == NULL) return -1;
    n->body = body;
    n->found = found;
    if (take_page(&c, n)) {
        skip_space(&c);
        if (c.at == c.end) count = n->count;
    }
    free(n);
    return count;
}
