/* Images of items, as the interpreter holds them, to JSON. */
#ifndef EXPORTER_IMAGES_H
#define EXPORTER_IMAGES_H

#include "documents.h"
#include "json.h"

#include <stddef.h>
#include <stdint.h>

typedef struct object object;

/* The interpreter's functions and objects, in the order of `exporter.native.events._Python`. */
typedef struct {
    ptrdiff_t (*dict_size)(object *);
    object *(*dict_item)(object *, object *);
    int (*dict_next)(object *, ptrdiff_t *, object **, object **);
    ptrdiff_t (*list_size)(object *);
    object *(*list_item)(object *, ptrdiff_t);
    const char *(*utf8)(object *, ptrdiff_t *);
    int (*set_contains)(object *, object *);
    int (*equal)(object *, object *, int);
    long long (*whole)(object *);
    uint8_t *(*bytes)(object *);
    int (*resize)(object *, ptrdiff_t);
    void (*forget_error)(void);
    object *yes, *no;
    object *event_name, *change, *view_type, *sequence, *at, *new_image, *old_image, *identity, *text;
} python;

/* An attribute, and how JSON writes its name with the colon behind it. */
typedef struct {
    object *name;
    const uint8_t *lead;
    int64_t length;
} attribute;

enum { KNOWN = 256, PROBES = 4, LEADS = 1 << 14 };

/* Names that were written before, as JSON with the colon: a parser makes one object of a name for all items. */
typedef struct {
    struct {
        object *name;
        int64_t start, length;
    } known[KNOWN];
    int64_t used;
    uint8_t leads[LEADS];
} name_cache;

/* Images, each with a comma behind it. */
typedef struct {
    object *body; /* a bytearray */
    uint8_t *start; /* of its bytes */
    int64_t length, room, count;
    int32_t *number; /* of an image's record */
    int64_t *end;
    name_cache *names;
} images;

/* The bytes of a text object; false for anything else, and for half of a surrogate pair. */
static inline int text_of(const python *py, object *found, text *t) {
    ptrdiff_t length;
    t->start = found == NULL ? NULL : (const uint8_t *)py->utf8(found, &length);
    if (t->start == NULL) return 0;
    t->length = length;
    t->escaped = 0;
    return 1;
}

static inline int is_object(const python *py, object *found) { return found != NULL && py->dict_size(found) >= 0; }

/* Where to write next, with room for so many bytes; NULL where memory is short. */
static inline uint8_t *room_for(const python *py, images *m, int64_t bytes) {
    if (bytes > m->room - m->length) {
        int64_t room = 2 * (m->length + bytes);
        if (py->resize(m->body, (ptrdiff_t)room) != 0) return NULL;
        m->room = room;
        m->start = py->bytes(m->body);
    }
    return m->start + m->length;
}

static inline int put_byte(const python *py, images *m, uint8_t byte) {
    uint8_t *out = room_for(py, m, 1);
    if (out == NULL) return 0;
    *out = byte;
    m->length++;
    return 1;
}

static inline int64_t most_of(const text *t) { return 6 * t->length + 2; } /* as JSON, each byte an escape */

static inline uint8_t *put_escaped(uint8_t *out, const uint8_t *at, const uint8_t *end) {
    static const char digit[] = "0123456789abcdef";
    for (; at < end; at++) {
        if (*at == '"' || *at == '\\') {
            *out++ = '\\';
            *out++ = *at;
        } else if (*at < 0x20) {
            out = put(out, "\\u00", 4);
            *out++ = (uint8_t)digit[*at >> 4];
            *out++ = (uint8_t)digit[*at & 15];
        } else {
            *out++ = *at;
        }
    }
    return out;
}

/* The text between quotes. Most are short and without escapes: words are copied while they are looked at. */
static inline uint8_t *put_json(uint8_t *out, const text *t) {
    const uint8_t *at = t->start, *end = at + t->length;
    uint64_t word;
    *out++ = '"';
    for (; end - at >= WORD; at += WORD, out += WORD) {
        word = word_at(at);
        if (special(word)) break;
        memcpy(out, &word, WORD);
    }
    if (at > t->start && end - at < WORD && !special(word = word_at(end - WORD))) { /* over what is written already */
        memcpy(out + (end - at) - WORD, &word, WORD);
        out += end - at;
    } else {
        out = put_escaped(out, at, end);
    }
    *out++ = '"';
    return out;
}

static inline int put_text_of(const python *py, images *m, object *found) {
    text t;
    uint8_t *out = text_of(py, found, &t) ? room_for(py, m, most_of(&t)) : NULL;
    if (out == NULL) return 0;
    m->length = put_json(out, &t) - m->start;
    return 1;
}

static inline int put_value(const python *py, images *m, object *value, int depth);

/* What was written before of a name; NULL where it was not, and there is no room for it. */
static inline const uint8_t *lead_of(const python *py, name_cache *n, object *name, int64_t *length) {
    text t;
    size_t slot = ((uintptr_t)name >> 4 ^ (uintptr_t)name >> 12) % KNOWN, probes = 0;
    for (; n->known[slot].name != NULL; slot = (slot + 1) % KNOWN) {
        if (n->known[slot].name == name) {
            *length = n->known[slot].length;
            return n->leads + n->known[slot].start;
        }
        if (++probes == PROBES) return NULL;
    }
    if (!text_of(py, name, &t) || most_of(&t) + 1 > LEADS - n->used) return NULL;
    n->known[slot].name = name;
    n->known[slot].start = n->used;
    uint8_t *end = put_json(n->leads + n->used, &t);
    *end++ = ':';
    n->known[slot].length = end - (n->leads + n->used);
    n->used = end - n->leads;
    *length = n->known[slot].length;
    return n->leads + n->known[slot].start;
}

static inline int put_name(const python *py, images *m, object *name, uint8_t before) {
    text t = {NULL, 0, 0};
    int64_t length;
    const uint8_t *lead = lead_of(py, m->names, name, &length);
    uint8_t *out;
    if (lead == NULL) {
        if (!text_of(py, name, &t)) return 0;
        length = most_of(&t) + 1;
    }
    out = room_for(py, m, length + 1);
    if (out == NULL) return 0;
    *out++ = before;
    if (lead != NULL) {
        out = put(out, lead, length);
    } else {
        out = put_json(out, &t);
        *out++ = ':';
    }
    m->length = out - m->start;
    return 1;
}

static inline int put_map(const python *py, images *m, object *map, int depth) {
    object *name, *value;
    ptrdiff_t at = 0;
    uint8_t before = '{';
    while (py->dict_next(map, &at, &name, &value)) {
        if (!put_name(py, m, name, before) || !put_value(py, m, value, depth)) return 0;
        before = ',';
    }
    return (before == ',' || (is_object(py, map) && put_byte(py, m, '{'))) && put_byte(py, m, '}');
}

static inline int put_list(const python *py, images *m, object *list, int depth, int is_set) {
    ptrdiff_t size = py->list_size(list);
    if (size < 0 || !put_byte(py, m, '[')) return 0;
    for (ptrdiff_t i = 0; i < size; i++) {
        object *value = py->list_item(list, i);
        if (i && !put_byte(py, m, ',')) return 0;
        if (!(is_set ? put_text_of(py, m, value) : put_value(py, m, value, depth))) return 0;
    }
    return put_byte(py, m, ']');
}

enum { AROUND = 16 }; /* bytes around a value: `{"BOOL":false}` */

/* A value that is a text or a word. */
static inline uint8_t *put_scalar(const python *py, images *m, const text *tag, int kind, object *value) {
    text t = {NULL, 0, 0};
    uint8_t *out;
    if (kind == BOOL || kind == NOTHING) {
        if (value != py->yes && (kind == NOTHING || value != py->no)) return NULL;
    } else if (!text_of(py, value, &t)) {
        return NULL;
    }
    out = room_for(py, m, most_of(&t) + AROUND);
    if (out == NULL) return NULL;
    *out++ = '{';
    out = put_text(out, tag);
    *out++ = ':';
    if (t.start != NULL) {
        out = put_json(out, &t);
    } else {
        out = value == py->yes ? put(out, "true", 4) : put(out, "false", 5);
    }
    *out++ = '}';
    return out;
}

/* One AttributeValue. */
static inline int put_value(const python *py, images *m, object *value, int depth) {
    object *name, *inner;
    ptrdiff_t at = 0;
    text tag;
    uint8_t *out;
    int kind, is_put;
    if (depth > MAX_DEPTH || !py->dict_next(value, &at, &name, &inner) || py->dict_size(value) != 1) return 0;
    if (name == py->text) { /* the commonest by far, and one object everywhere */
        tag = (text){(const uint8_t *)"S", 1, 0};
        kind = S;
    } else {
        kind = text_of(py, name, &tag) ? kind_of_tag(&tag) : ABSENT;
    }
    if (kind == ABSENT) return 0;
    if (kind & (S | N | B | BOOL | NOTHING)) {
        out = put_scalar(py, m, &tag, kind, inner);
        if (out != NULL) m->length = out - m->start;
        return out != NULL;
    }
    out = room_for(py, m, AROUND);
    if (out == NULL) return 0;
    *out++ = '{';
    out = put_text(out, &tag);
    *out++ = ':';
    m->length = out - m->start;
    is_put = kind == M ? put_map(py, m, inner, depth + 1) : put_list(py, m, inner, depth + 1, kind != L);
    return is_put && put_byte(py, m, '}');
}

/* Some attributes of an image; those that it lacks are left out. */
static inline int put_part(const python *py, images *m, object *image, const attribute *some, int64_t count) {
    uint8_t before = '{';
    for (int64_t i = 0; i < count; i++) {
        object *value = py->dict_item(image, some[i].name);
        uint8_t *out;
        if (value == NULL) continue;
        out = room_for(py, m, some[i].length + 1);
        if (out == NULL) return 0;
        *out++ = before;
        out = put(out, some[i].lead, some[i].length);
        m->length = out - m->start;
        if (!put_value(py, m, value, 0)) return 0;
        before = ',';
    }
    return (before == ',' || put_byte(py, m, '{')) && put_byte(py, m, '}');
}

static inline int close_image(const python *py, images *m, int64_t number) {
    if (!put_byte(py, m, ',')) return 0;
    m->number[m->count] = (int32_t)number;
    m->end[m->count++] = m->length;
    return 1;
}

#endif
