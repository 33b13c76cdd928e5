/* Records of a stream, as the interpreter holds them, to the images that a source carries, as JSON.
 *
 * It takes the records that are as DynamoDB writes them and declines all others, without saying why. What is declined
 * is read by `exporter.changes.carried`, which gives the same for every record, slower.
 *
 * The library is not linked to Python: the caller passes the addresses of the functions that are needed. They run with
 * the GIL; none of them runs code of a program, as long as the parts of a record are what a JSON parser makes.
 */
#include "images.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

/* What the source of a dataset carries of an image. */
typedef struct {
    object *values; /* the partition values, a set of texts; NULL: every item is held */
    const attribute *place; /* by which an item is held, and on which day: the sort key, then the partition key */
    const attribute *part; /* what is wanted of an old image */
    const attribute *projection;
    int64_t places, parts, projected; /* `projected` is -1 where a source carries whole items */
    int64_t keeps_deleted; /* then a removal is no deletion */
} carriage;

/* Of each record: whether it was read, its time in milliseconds, its sequence number in 40 digits. */
typedef struct {
    uint8_t *is_read;
    int64_t *at;
    uint8_t *sequence;
} records;

enum { DIGITS = 40, EQUAL = 2, NEW = 1, OLD = 2, DECLINED = -1 };

static const long long LATEST = 100000000000;

/* ---- parts of a record ---- */

static int is_word(const text *t, const char *word) {
    return t->length == (int64_t)strlen(word) && memcmp(t->start, word, (size_t)t->length) == 0;
}

/* The text object of `{"S": text}`, or NULL. */
static object *plain_text(const python *py, object *value) {
    return value != NULL && py->dict_size(value) == 1 ? py->dict_item(value, py->text) : NULL;
}

/* ---- records ---- */

/* Whether the source holds an item: 1 or 0. */
static int holds(const python *py, const carriage *c, object *image) {
    object *sort, *partition, *sort_text, *partition_text;
    text ignored;
    if (c->values == NULL) return 1;
    sort = py->dict_item(image, c->place[0].name);
    partition = py->dict_item(image, c->place[1].name);
    sort_text = plain_text(py, sort);
    partition_text = plain_text(py, partition);
    if (sort != NULL && !text_of(py, sort_text, &ignored)) return DECLINED;
    if (partition != NULL && !text_of(py, partition_text, &ignored)) return DECLINED;
    return sort != NULL && partition != NULL ? py->set_contains(c->values, partition_text) : 0;
}

static int same_value(const python *py, object *a, object *b) {
    text of_a, of_b;
    object *text_a, *text_b;
    if (a == b) return 1;
    if (a == NULL || b == NULL) return 0;
    if (!is_object(py, a) || !is_object(py, b)) return DECLINED;
    text_a = plain_text(py, a);
    text_b = plain_text(py, b);
    if (text_a == NULL || text_b == NULL) return py->equal(a, b, EQUAL);
    if (!text_of(py, text_a, &of_a) || !text_of(py, text_b, &of_b)) return DECLINED;
    return of_a.length == of_b.length && memcmp(of_a.start, of_b.start, (size_t)of_a.length) == 0;
}

/* Whether an item has not moved: then its old image says nothing new. */
static int is_in_place(const python *py, const carriage *c, object *old, object *new) {
    for (int64_t i = 0; i < c->places; i++) {
        object *name = c->place[i].name;
        int same = same_value(py, py->dict_item(old, name), py->dict_item(new, name));
        if (same != 1) return same;
    }
    return 1;
}

static int read_stamps(const python *py, object *change, const records *r, int64_t number) {
    text digits;
    uint8_t *out = r->sequence + DIGITS * number;
    object *at = py->dict_item(change, py->at);
    long long seconds;
    if (!text_of(py, py->dict_item(change, py->sequence), &digits)) return 0;
    if (digits.length < 1 || digits.length > DIGITS) return 0;
    for (int64_t i = 0; i < digits.length; i++)
        if (digits.start[i] < '0' || digits.start[i] > '9') return 0;
    if (at == NULL || at == py->yes || at == py->no) return 0;
    seconds = py->whole(at);
    if (seconds < 0 || seconds >= LATEST) return 0;
    memset(out, '0', (size_t)(DIGITS - digits.length));
    memcpy(out + DIGITS - digits.length, digits.start, (size_t)digits.length);
    r->at[number] = seconds * 1000;
    return 1;
}

/* Which images the record must have; 0 where it is to be declined. */
static int images_of(const python *py, object *event) {
    text name;
    if (!text_of(py, py->dict_item(event, py->event_name), &name)) return 0;
    return is_word(&name, "INSERT") ? NEW : is_word(&name, "MODIFY") ? NEW | OLD : is_word(&name, "REMOVE") ? OLD : 0;
}

static int read_record(const python *py, const carriage *c, object *event, int64_t number, const records *r,
                       images *new_images, images *old_images) {
    object *change, *view, *new = NULL, *old = NULL;
    text of_view;
    int which, held = 0, in_place;
    if (!is_object(py, event) || py->dict_item(event, py->identity) != NULL) return 0;
    change = py->dict_item(event, py->change);
    if (!is_object(py, change)) return 0;
    view = py->dict_item(change, py->view_type);
    if (view != NULL && !(text_of(py, view, &of_view) && is_word(&of_view, "NEW_AND_OLD_IMAGES"))) return 0;
    which = images_of(py, event);
    if (which == 0 || (which == OLD && c->keeps_deleted) || !read_stamps(py, change, r, number)) return 0;
    if (which & NEW) {
        new = py->dict_item(change, py->new_image);
        if (new == NULL || py->dict_size(new) < 1) return 0;
        held = holds(py, c, new);
        if (held < 0) return 0;
        if (held) {
            int is_put = c->projected < 0 ? put_map(py, new_images, new, 0)
                                          : put_part(py, new_images, new, c->projection, c->projected);
            if (!is_put || !close_image(py, new_images, number)) return 0;
        }
    }
    if (!(which & OLD)) return 1;
    old = py->dict_item(change, py->old_image);
    if (old == NULL || py->dict_size(old) < 1) return 0;
    in_place = held ? is_in_place(py, c, old, new) : 0;
    if (in_place) return in_place > 0;
    held = holds(py, c, old);
    if (held < 0) return 0;
    return !held || (put_part(py, old_images, old, c->part, c->parts) && close_image(py, old_images, number));
}

static void cut_back(images *m, int64_t length, int64_t count) {
    m->length = length;
    m->count = count;
}

/* Reads a list of records; those that are declined leave nothing behind. */
EXPORT void read_records(const python *py, const carriage *c, object *events, const records *r, images *new_images,
                         images *old_images) {
    ptrdiff_t size = py->list_size(events);
    name_cache names;
    memset(&names.known, 0, sizeof names.known);
    names.used = 0;
    new_images->names = old_images->names = &names;
    for (ptrdiff_t i = 0; i < size; i++) {
        int64_t new_length = new_images->length, new_count = new_images->count;
        int64_t old_length = old_images->length, old_count = old_images->count;
        r->is_read[i] = (uint8_t)read_record(py, c, py->list_item(events, i), i, r, new_images, old_images);
        if (r->is_read[i]) continue;
        py->forget_error();
        cut_back(new_images, new_length, new_count);
        cut_back(old_images, old_length, old_count);
    }
    py->forget_error();
}
