/* AttributeValue JSON to plain JSON with sorted keys, `{"M": {"a": {"N": "1"}}}` to `{"a":1}`. */
#ifndef EXPORTER_DOCUMENTS_H
#define EXPORTER_DOCUMENTS_H

#include "json.h"

typedef struct {
    text name;
    const uint8_t *value;
} member;

/* Whether a string is written in JSON as it stands, so that no other spelling of it exists. */
static inline int is_canonical(const text *t) {
    const uint8_t *at = t->start, *end = at + t->length;
    if (!t->escaped) return 1;
    for (; at < end; at++)
        if (*at == '\\') {
            at++;
            if (*at == '/' || *at == 'u') return 0;
        }
    return 1;
}

static inline int take_canonical(cursor *c, text *found) { return take_text(c, found) && is_canonical(found); }

static inline uint8_t *put(uint8_t *out, const void *bytes, int64_t length) {
    memcpy(out, bytes, (size_t)length);
    return out + length;
}

static inline uint8_t *put_text(uint8_t *out, const text *t) {
    *out++ = '"';
    out = put(out, t->start, t->length);
    *out++ = '"';
    return out;
}

/* By bytes, which for UTF-8 is by code point. */
static inline int order_of(const text *a, const text *b) {
    int64_t least = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->start, b->start, (size_t)least);
    return order ? order : a->length < b->length ? -1 : a->length > b->length;
}

static inline int is_json_number(const text *t) {
    cursor c = {t->start, t->start + t->length};
    return take_number(&c) && c.at == c.end;
}

static inline uint8_t *plain(cursor *c, uint8_t *out, int depth);

enum { MAX_MEMBERS = 64 };

static inline uint8_t *plain_map(cursor *c, uint8_t *out, int depth) {
    member members[MAX_MEMBERS];
    int count = 0;
    if (!take(c, '{')) return NULL;
    if (take(c, '}')) return put(out, "{}", 2);
    do {
        member found;
        int at = count;
        /* An escaped name sorts by what it means and not by how it is written. */
        if (count == MAX_MEMBERS || !take_text(c, &found.name) || found.name.escaped || !take(c, ':')) return NULL;
        skip_space(c);
        found.value = c->at;
        if (!skip_value(c, depth)) return NULL;
        while (at > 0) {
            int order = order_of(&members[at - 1].name, &found.name);
            if (order == 0) return NULL;
            if (order < 0) break;
            members[at] = members[at - 1];
            at--;
        }
        members[at] = found;
        count++;
    } while (take(c, ','));
    if (!take(c, '}')) return NULL;
    for (int i = 0; i < count; i++) {
        cursor value = {members[i].value, c->end};
        *out++ = i ? ',' : '{';
        out = put_text(out, &members[i].name);
        *out++ = ':';
        out = plain(&value, out, depth + 1);
        if (out == NULL) return NULL;
    }
    *out++ = '}';
    return out;
}

static inline uint8_t *plain_list(cursor *c, uint8_t *out, int depth) {
    if (!take(c, '[')) return NULL;
    *out++ = '[';
    if (!take(c, ']')) {
        do {
            out = plain(c, out, depth + 1);
            if (out == NULL) return NULL;
            if (!next_is(c, ']')) *out++ = ',';
        } while (take(c, ','));
        if (!take(c, ']')) return NULL;
    }
    *out++ = ']';
    return out;
}

/* One AttributeValue at the cursor as plain JSON; NULL where it is left to `attribute_values.json_text`: sets, names
 * and texts with unusual escapes, numbers that JSON writes otherwise. */
static inline uint8_t *plain(cursor *c, uint8_t *out, int depth) {
    text tag, value;
    if (depth > MAX_DEPTH || !take(c, '{') || !take_text(c, &tag) || !take(c, ':')) return NULL;
    switch (kind_of_tag(&tag)) {
    case S:
    case B:
        if (!take_canonical(c, &value)) return NULL;
        out = put_text(out, &value);
        break;
    case N:
        if (!take_text(c, &value) || value.escaped || !is_json_number(&value)) return NULL;
        out = put(out, value.start, value.length);
        break;
    case BOOL:
        if (take_word(c, "true", 4)) {
            out = put(out, "true", 4);
        } else if (take_word(c, "false", 5)) {
            out = put(out, "false", 5);
        } else {
            return NULL;
        }
        break;
    case NOTHING:
        if (!take_word(c, "true", 4)) return NULL;
        out = put(out, "null", 4);
        break;
    case M: out = plain_map(c, out, depth); break;
    case L: out = plain_list(c, out, depth); break;
    default: return NULL;
    }
    return out != NULL && take(c, '}') ? out : NULL;
}

#endif
