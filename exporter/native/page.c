/* Bytes of a Query response to the buffers of Arrow columns.
 *
 * This is the exporter's innermost loop and nothing else: it takes the pages that are as their schema expects and
 * declines all others, whole or by column, without saying why. What is declined is read by `exporter.decoding.page` and
 * `exporter.decoding.columns`, which give the same values for every page, slower; so nothing here decides what a value means
 * where there is more than one answer, and nothing here reports an error.
 *
 * It knows neither Python nor Arrow's library: the caller passes addresses. Every function may be called by any number
 * of threads; a plan is read only, a page belongs to its caller.
 */
#include "documents.h"
#include "json.h"
#include "numbers.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/* How a column leaves here. The numbers are those of `exporter.native.library.Form`. */
enum form { TEXT, BOOLEAN, DOUBLE, WHOLE, DECIMAL, DOCUMENT, RAW };

typedef struct {
    const uint8_t *name;
    int32_t length;
    const uint8_t *lead; /* how DynamoDB writes what comes before a value: `"name":`, and of a text `{"S":"` as well */
    int32_t lead_length; /* 0 where JSON does not write the name as it is */
    uint8_t form;
    uint8_t precision; /* of DECIMAL */
    uint8_t scale;
    uint16_t kind; /* the only one, besides NULL, that the column takes; 0: any */
} column_plan;

typedef struct {
    int32_t columns, slots;
    column_plan *column;
    int32_t *slot; /* open addressing: 1 + the column, 0 where empty */
    uint8_t *names, *leads;
} plan;

enum { OPENING = 6 }; /* of `{"S":"` */

static int is_text(const column_plan *column) { return column->kind == S || column->kind == N; }

typedef struct {
    uint32_t start, length; /* a text between its quotes; for BOOL, DOCUMENT and RAW the whole {"T": value} */
    uint16_t kind;
    uint8_t escaped, truth;
} cell;

typedef struct {
    const uint8_t *body;
    int64_t length;
    const plan *plan;
    cell *cells; /* by column, each with `room` of them, and zero where an item lacks the attribute */
    int64_t rows, room;
    int64_t key_start, key_length, capacity_start, capacity_length;
} page;

/* ---- plans ---- */

static int32_t column_of(const plan *p, const uint8_t *name, int64_t length) {
    for (uint32_t at = hash_of(name, length);; at++) {
        int32_t slot = p->slot[at & (uint32_t)(p->slots - 1)];
        if (slot == 0) return -1;
        const column_plan *found = &p->column[slot - 1];
        if (found->length == length && memcmp(found->name, name, (size_t)length) == 0) return slot - 1;
    }
}

EXPORT void plan_free(plan *p) {
    if (p == NULL) return;
    free(p->column);
    free(p->slot);
    free(p->names);
    free(p->leads);
    free(p);
}

/* Writes a column's lead to `out` and returns what is behind it. */
static uint8_t *put_lead(column_plan *column, uint8_t *out) {
    uint8_t *end = out;
    for (int32_t i = 0; i < column->length; i++)
        if (column->name[i] < 0x20 || column->name[i] == '"' || column->name[i] == '\\') return out;
    *end++ = '"';
    end = put(end, column->name, column->length);
    end = put(end, "\":", 2);
    if (is_text(column)) end = put(end, column->kind == S ? "{\"S\":\"" : "{\"N\":\"", OPENING);
    column->lead = out;
    column->lead_length = (int32_t)(end - out);
    return end;
}

/* A plan for these columns, whose names are one after the other in `names`; NULL where memory is short. */
EXPORT plan *plan_new(int32_t columns, const uint8_t *names, const int32_t *lengths, const uint8_t *forms,
                      const uint16_t *kinds, const uint8_t *precisions, const uint8_t *scales) {
    int64_t total = 0, at = 0;
    uint8_t *lead;
    plan *p = calloc(1, sizeof *p);
    if (p == NULL) return NULL;
    for (int32_t i = 0; i < columns; i++) total += lengths[i];
    p->columns = columns;
    p->slots = 16;
    while (p->slots < 4 * columns) p->slots *= 2;
    p->column = calloc((size_t)columns + 1, sizeof *p->column);
    p->slot = calloc((size_t)p->slots, sizeof *p->slot);
    p->names = malloc((size_t)total + 1);
    p->leads = malloc((size_t)(total + columns * (3 + OPENING) + 1));
    if (p->column == NULL || p->slot == NULL || p->names == NULL || p->leads == NULL) {
        plan_free(p);
        return NULL;
    }
    memcpy(p->names, names, (size_t)total);
    lead = p->leads;
    for (int32_t i = 0; i < columns; i++) {
        uint32_t slot = hash_of(p->names + at, lengths[i]);
        p->column[i] = (column_plan){.name = p->names + at, .length = lengths[i], .form = forms[i], .kind = kinds[i],
                                     .precision = precisions[i], .scale = scales[i]};
        lead = put_lead(&p->column[i], lead);
        while (p->slot[slot & (uint32_t)(p->slots - 1)] != 0) slot++;
        p->slot[slot & (uint32_t)(p->slots - 1)] = i + 1;
        at += lengths[i];
    }
    return p;
}

/* ---- pages ---- */

/* Whether two places hold the same bytes, without a call for what is that short. */
static inline int same(const uint8_t *a, const uint8_t *b, int64_t length) {
    uint64_t differ = 0;
    if (length < WORD) return memcmp(a, b, (size_t)length) == 0;
    for (int64_t i = 0; i < length - WORD; i += WORD) differ |= word_at(a + i) ^ word_at(b + i);
    return (differ | (word_at(a + length - WORD) ^ word_at(b + length - WORD))) == 0;
}

/* The commonest value by far, a text with what closes it: `12"}` without a space, as DynamoDB writes it. Nothing is
 * taken where it is anything else. */
static inline int take_usual(cursor *c, const page *g, const column_plan *column, const uint8_t *start, cell *found) {
    int escaped;
    const uint8_t *quote = end_of_text(start, c->end, &escaped);
    if (quote == NULL || quote + 1 == c->end || quote[1] != '}' || (escaped && column->kind == N)) return 0;
    found->kind = column->kind;
    found->start = (uint32_t)(start - g->body);
    found->length = (uint32_t)(quote - start);
    found->escaped = (uint8_t)escaped;
    c->at = quote + 2;
    return 1;
}

static int take_cell(cursor *c, const page *g, const column_plan *column, cell *found) {
    const uint8_t *whole;
    text tag, value;
    int kind;
    if (!next_is(c, '{')) return 0;
    whole = c->at++;
    if (!take_text(c, &tag) || !take(c, ':')) return 0;
    kind = kind_of_tag(&tag);
    if (kind == ABSENT || (column->kind && kind != column->kind && kind != NOTHING)) return 0;
    found->kind = (uint16_t)kind;
    if (kind == NOTHING) {
        if (!take_word(c, "true", 4)) return 0;
    } else if (is_text(column)) {
        if (!take_text(c, &value) || (kind == N && value.escaped)) return 0;
        found->start = (uint32_t)(value.start - g->body);
        found->length = (uint32_t)value.length;
        found->escaped = (uint8_t)value.escaped;
        return take(c, '}');
    } else if (column->kind == BOOL) {
        found->truth = (uint8_t)next_is(c, 't');
        if (!take_word(c, found->truth ? "true" : "false", found->truth ? 4 : 5)) return 0;
    } else if (!skip_value(c, 0)) {
        return 0;
    }
    if (!take(c, '}')) return 0;
    found->start = (uint32_t)(whole - g->body);
    found->length = (uint32_t)(c->at - whole);
    return 1;
}

/* Makes room for one more item; false where memory is short. */
static int new_row(page *g) {
    int64_t columns = g->plan->columns;
    if (g->rows == g->room) {
        int64_t room = 2 * g->room;
        cell *more = calloc((size_t)(room * columns + 1), sizeof *more);
        if (more == NULL) return 0;
        for (int64_t i = 0; i < columns; i++)
            memcpy(more + i * room, g->cells + i * g->room, (size_t)g->rows * sizeof *more);
        free(g->cells);
        g->cells = more;
        g->room = room;
    }
    g->rows++;
    return 1;
}

/* Behind the lead of the attribute that is expected next, or NULL where something else comes next. */
static inline const uint8_t *behind_lead(const cursor *c, const column_plan *column) {
    int64_t length = column->lead_length;
    return length && c->end - c->at >= length && same(c->at, column->lead, length) ? c->at + length : NULL;
}

enum { MAX_ESCAPED = 1024 }; /* a longer name with escapes is declined */

/* The attribute at the cursor, or -1. */
static int32_t take_attribute(cursor *c, const plan *p) {
    text name;
    uint8_t meant[MAX_ESCAPED];
    if (!take_text(c, &name) || !take(c, ':')) return -1;
    if (!name.escaped) return column_of(p, name.start, name.length);
    return name.length > MAX_ESCAPED ? -1 : column_of(p, meant, unescaped(name.start, name.length, meant));
}

/* One attribute of the last row: the one after `last` by what came after it in earlier items, or any other. Columns
 * count from 1 here; returns the attribute's, or 0 where it is declined. */
static inline int32_t take_pair(cursor *c, page *g, int32_t *after, int32_t last) {
    const plan *p = g->plan;
    int32_t column = after[last] - 1;
    const uint8_t *value = column < 0 ? NULL : behind_lead(c, &p->column[column]);
    cell *found;
    if (value == NULL) {
        column = take_attribute(c, p);
        if (column < 0) return 0;
        after[last] = column + 1;
    }
    found = g->cells + column * g->room + g->rows - 1;
    if (found->kind != ABSENT) return 0;
    if (value != NULL) {
        if (is_text(&p->column[column])) {
            if (take_usual(c, g, &p->column[column], value, found)) return column + 1;
            value -= OPENING;
        }
        c->at = value;
    }
    return take_cell(c, g, &p->column[column], found) ? column + 1 : 0;
}

/* The items. An attribute that is not in the plan, or twice in an item, is declined with the page. */
static int take_items(cursor *c, page *g) {
    const plan *p = g->plan;
    int32_t *after = calloc((size_t)p->columns + 1, sizeof *after); /* what came after each attribute in earlier items */
    int fits = after != NULL && take(c, '[');
    if (fits && !take(c, ']')) {
        do {
            int32_t last = 0;
            fits = 0;
            if (!new_row(g) || !take(c, '{')) break;
            fits = 1;
            if (take(c, '}')) continue;
            fits = 0;
            do {
                last = take_pair(c, g, after, last);
                if (!last) goto done;
            } while (take(c, ','));
            if (!take(c, '}')) goto done;
            fits = 1;
        } while (take(c, ','));
        fits = fits && take(c, ']');
    }
done:
    free(after);
    return fits;
}

static int take_page(page *g) {
    cursor c = {g->body, g->body + g->length};
    int items = 0;
    if (!take(&c, '{')) return 0;
    if (!take(&c, '}')) {
        do {
            text name;
            if (!take_text(&c, &name) || name.escaped || !take(&c, ':')) return 0;
            skip_space(&c);
#define IS(word) (name.length == sizeof(word) - 1 && memcmp(name.start, word, sizeof(word) - 1) == 0)
            if (IS("Items")) {
                if (items++ || !take_items(&c, g)) return 0;
            } else {
                const uint8_t *start = c.at;
                if (!skip_value(&c, 0)) return 0;
                if (IS("LastEvaluatedKey")) {
                    g->key_start = start - g->body;
                    g->key_length = c.at - start;
                } else if (IS("ConsumedCapacity")) {
                    g->capacity_start = start - g->body;
                    g->capacity_length = c.at - start;
                }
            }
#undef IS
        } while (take(&c, ','));
        if (!take(&c, '}')) return 0;
    }
    skip_space(&c);
    return c.at == c.end;
}

/* ---- columns ---- */

typedef struct {
    uint8_t *out;
    int64_t at; /* bytes used; every buffer begins at a multiple of 64 */
} arena;

static int64_t buffer(arena *a, int64_t bytes) {
    int64_t start = a->at;
    a->at = (start + bytes + 63) / 64 * 64;
    return start;
}

/* ---- one column of a page ---- */

/* What a column became, as the caller reads it. Offsets are from the beginning of the page's one buffer. */
typedef struct {
    int64_t form, nulls, validity, offsets, data, bytes;
} result;

static int put_value(const page *g, const column_plan *column, const cell *found, int64_t row, uint8_t *out) {
    const uint8_t *at = g->body + found->start;
    switch (column->form) {
    case BOOLEAN:
        out[row / 8] = (uint8_t)(out[row / 8] | found->truth << row % 8);
        return 1;
    case DOUBLE: return as_double(at, found->length, (double *)(void *)out + row);
    case WHOLE: return as_whole(at, found->length, (int64_t *)(void *)out + row);
    default: return as_decimal(at, found->length, column->precision, column->scale, (int64_t *)(void *)out + 2 * row);
    }
}

static int fill_fixed(const page *g, int32_t index, arena *a, result *r, int64_t bytes) {
    const column_plan *column = &g->plan->column[index];
    const cell *found = g->cells + index * g->room;
    int64_t start = a->at;
    r->data = buffer(a, bytes);
    r->bytes = bytes;
    r->nulls = 0;
    memset(a->out + r->data, 0, (size_t)bytes);
    for (int64_t row = 0; row < g->rows; row++, found++) {
        if (found->kind == ABSENT || found->kind == NOTHING) {
            r->nulls++;
            continue;
        }
        if (!put_value(g, column, found, row, a->out + r->data)) {
            a->at = start;
            return 0;
        }
    }
    return 1;
}

enum { SHORT = 5 * WORD }; /* times and identifiers are */

/* Most texts are short, and a few words are copied faster than a length is looked at. What is written too much is in
 * what the next text or buffer overwrites; `most_bytes` leaves room behind the last. */
static uint8_t *put_short(uint8_t *out, const uint8_t *at, int64_t length, const uint8_t *end) {
    if (length > SHORT || end - at < SHORT) return put(out, at, length);
    memcpy(out, at, 2 * WORD);
    if (length > 2 * WORD) memcpy(out + 2 * WORD, at + 2 * WORD, SHORT - 2 * WORD);
    return out + length;
}

static int fill_texts(const page *g, int32_t index, int form, arena *a, result *r) {
    const cell *found = g->cells + index * g->room;
    int64_t start = a->at, offsets = buffer(a, 4 * (g->rows + 1)), data = a->at;
    int32_t *offset = (int32_t *)(void *)(a->out + offsets);
    uint8_t *out = a->out + data, *begin = out;
    r->nulls = 0;
    for (int64_t row = 0; row < g->rows; row++, found++) {
        const uint8_t *at = g->body + found->start;
        offset[row] = (int32_t)(out - begin);
        if (found->kind == ABSENT || (found->kind == NOTHING && form != RAW)) {
            r->nulls++;
            continue;
        }
        if (form == DOCUMENT) {
            cursor c = {at, at + found->length};
            out = plain(&c, out, 0);
            if (out == NULL) {
                a->at = start;
                return 0;
            }
        } else if (found->escaped) {
            out += unescaped(at, found->length, out);
        } else {
            out = put_short(out, at, found->length, g->body + g->length);
        }
    }
    offset[g->rows] = (int32_t)(out - begin);
    r->offsets = offsets;
    r->data = data;
    r->bytes = out - begin;
    buffer(a, r->bytes);
    return 1;
}

/* Which rows of a column are not null: an absent attribute is, and a NULL except where values keep their tags. */
static void fill_validity(const page *g, int32_t index, arena *a, result *r) {
    const cell *found = g->cells + index * g->room;
    int64_t bytes = (g->rows + 7) / 8;
    uint16_t nothing = r->form == RAW ? ABSENT : NOTHING;
    r->validity = -1;
    if (r->nulls == 0) return;
    r->validity = buffer(a, bytes);
    memset(a->out + r->validity, 0, (size_t)bytes);
    for (int64_t row = 0; row < g->rows; row++) {
        uint16_t kind = found[row].kind;
        uint8_t present = kind != ABSENT && kind != nothing;
        a->out[r->validity + row / 8] = (uint8_t)(a->out[r->validity + row / 8] | present << row % 8);
    }
}

static void fill_column(const page *g, int32_t index, arena *a, result *r) {
    const column_plan *column = &g->plan->column[index];
    int filled = 0;
    r->form = column->form;
    r->offsets = -1;
    switch (column->form) {
    case BOOLEAN: filled = fill_fixed(g, index, a, r, (g->rows + 7) / 8); break;
    case DOUBLE:
    case WHOLE: filled = fill_fixed(g, index, a, r, 8 * g->rows); break;
    case DECIMAL: filled = fill_fixed(g, index, a, r, 16 * g->rows); break;
    default: filled = fill_texts(g, index, column->form, a, r);
    }
    if (!filled) {
        r->form = column->form == DOCUMENT ? RAW : TEXT;
        fill_texts(g, index, (int)r->form, a, r);
    }
    fill_validity(g, index, a, r);
}

static int64_t most_bytes(const page *g) {
    /* The texts are parts of the body; per column the widest fixed value or the offsets, the validity, and what
     * alignment and short texts take. */
    return g->length + g->plan->columns * (16 * g->rows + 8 + g->rows / 8 + 4 * 64);
}

EXPORT void page_free(page *g) {
    if (g == NULL) return;
    free(g->cells);
    free(g);
}

/* A page read for a plan, or NULL where it is declined. `head[0]` is how many rows to expect; it receives: rows, an upper bound of the bytes that
 * `page_columns` writes, and where LastEvaluatedKey and ConsumedCapacity are (start and length; 0 where absent). */
EXPORT page *page_new(const plan *p, const uint8_t *body, int64_t length, int64_t *head) {
    page *g = length < INT32_MAX / 2 ? calloc(1, sizeof *g) : NULL;
    if (g == NULL) return NULL;
    g->body = body;
    g->length = length;
    g->plan = p;
    g->room = head[0] > 16 && head[0] < length ? head[0] : 16;
    g->cells = calloc((size_t)(g->room * p->columns + 1), sizeof *g->cells);
    if (g->cells == NULL || !take_page(g)) {
        page_free(g);
        return NULL;
    }
    head[0] = g->rows;
    head[1] = most_bytes(g);
    head[2] = g->key_start;
    head[3] = g->key_length;
    head[4] = g->capacity_start;
    head[5] = g->capacity_length;
    return g;
}

/* Writes the columns to `out` and returns the bytes used. The body must still be where it was. */
EXPORT int64_t page_columns(const page *g, uint8_t *out, result *results) {
    arena a = {out, 0};
    for (int32_t i = 0; i < g->plan->columns; i++) fill_column(g, i, &a, &results[i]);
    return a.at;
}
