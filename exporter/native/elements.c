/* The list of an item to an item for each of its elements, as `exporter.decoding.nested.elements` makes them.
 *
 * It takes a list of nothing but maps and declines all others; what is declined is read in Python, with the same result.
 */
#include "json.h"

#include <stdint.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

enum { MAX_MEMBERS = 64, DECIMALS = 20 };

typedef struct {
    const uint8_t *start;
    int64_t length;
} bytes;

/* What each made item has: a number between `before` and `after`, the attributes of its item, and its element's members
 * with `prefix` before each name. */
typedef struct {
    bytes before, after, first, others, prefix;
} parts;

/* Where made items go, as far as there is room; their length grows on. */
typedef struct {
    uint8_t *at;
    int64_t room, length;
} output;

static void put(output *out, const uint8_t *start, int64_t length) {
    if (length > 0 && length <= out->room - out->length) memcpy(out->at + out->length, start, (size_t)length);
    out->length += length;
}

static void put_part(output *out, const bytes *part) { put(out, part->start, part->length); }

static void put_number(output *out, int64_t number) {
    uint8_t text[DECIMALS];
    int at = DECIMALS;
    do {
        text[--at] = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number);
    put(out, text + at, DECIMALS - at);
}

/* The name of the only member of an object, up to its value. */
static int take_only(cursor *c, uint8_t name) {
    text tag;
    return take(c, '{') && take_text(c, &tag) && !tag.escaped && tag.length == 1 && tag.start[0] == name && take(c, ':');
}

static int is_among(const text *name, const text *others, int count) {
    for (int i = 0; i < count; i++)
        if (others[i].length == name->length && memcmp(others[i].start, name->start, (size_t)name->length) == 0) return 1;
    return 0;
}

static int take_members(cursor *c, const parts *p, output *out) {
    text names[MAX_MEMBERS];
    int count = 0;
    if (!take(c, '{')) return 0;
    if (take(c, '}')) return 1;
    do {
        text *name = &names[count];
        const uint8_t *value;
        if (count == MAX_MEMBERS || !take_text(c, name) || name->escaped || !take(c, ':')) return 0;
        if (is_among(name, names, count++)) return 0; /* Python decides which of them counts */
        skip_space(c);
        value = c->at;
        if (!skip_value(c, 0)) return 0;
        put(out, (const uint8_t *)",\"", 2);
        put_part(out, &p->prefix);
        put(out, name->start, name->length);
        put(out, (const uint8_t *)"\":", 2);
        put(out, value, c->at - value);
    } while (take(c, ','));
    return take(c, '}');
}

static int take_element(cursor *c, const parts *p, int64_t number, output *out) {
    if (number > 1) put(out, (const uint8_t *)",", 1);
    put_part(out, &p->before);
    put_number(out, number);
    put_part(out, &p->after);
    put_part(out, number > 1 ? &p->others : &p->first);
    if (!take_only(c, 'M') || !take_members(c, p, out) || !take(c, '}')) return 0;
    put(out, (const uint8_t *)"}", 1);
    return 1;
}

/* Writes the made items, with commas between them, to `out`, if they have room there, and their number to `count`;
 * returns their length, or -1 where the list is declined. */
EXPORT int64_t list_elements(const uint8_t *listed, int64_t length, const parts *fixed, const uint8_t *first,
                             int64_t first_length, const uint8_t *others, int64_t others_length, uint8_t *out,
                             int64_t room, int64_t *count) {
    cursor c = {listed, listed + length};
    output made = {out, room, 0};
    parts all = *fixed;
    all.first = (bytes){first, first_length};
    all.others = (bytes){others, others_length};
    *count = 0;
    if (!take_only(&c, 'L') || !take(&c, '[')) return -1;
    if (!take(&c, ']')) {
        do {
            if (!take_element(&c, &all, ++*count, &made)) return -1;
        } while (take(&c, ','));
        if (!take(&c, ']')) return -1;
    }
    if (!take(&c, '}')) return -1;
    skip_space(&c);
    return c.at == c.end ? made.length : -1;
}
