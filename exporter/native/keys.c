/* Hashes of primary keys: BLAKE2b (RFC 7693) with 16 bytes, of the texts that `exporter.values.attribute_values.key_part`
 * makes: the type tag, the number of characters, a colon and the value, one part after the other, and "-" for none.
 *
 * As in page.c, what has more than one spelling and a rule for it is declined, and the caller does it in Python.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

enum { BLOCK = 128, DIGEST = 16, MAX_DIGITS = 40 };

typedef struct {
    uint64_t state[8];
    uint8_t block[BLOCK];
    uint64_t total;
    int used;
} blake;

static const uint64_t INITIAL[8] = {0x6A09E667F3BCC908u, 0xBB67AE8584CAA73Bu, 0x3C6EF372FE94F82Bu, 0xA54FF53A5F1D36F1u,
                                    0x510E527FADE682D1u, 0x9B05688C2B3E6C1Fu, 0x1F83D9ABFB41BD6Bu, 0x5BE0CD19137E2179u};

static const uint8_t SCHEDULE[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static uint64_t rotated(uint64_t word, int by) { return word >> by | word << (64 - by); }

static void mix(uint64_t v[16], int a, int b, int c, int d, uint64_t x, uint64_t y) {
    v[a] = v[a] + v[b] + x;
    v[d] = rotated(v[d] ^ v[a], 32);
    v[c] = v[c] + v[d];
    v[b] = rotated(v[b] ^ v[c], 24);
    v[a] = v[a] + v[b] + y;
    v[d] = rotated(v[d] ^ v[a], 16);
    v[c] = v[c] + v[d];
    v[b] = rotated(v[b] ^ v[c], 63);
}

static uint64_t little_endian(const uint8_t *at) {
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--) word = word << 8 | at[i];
    return word;
}

static void compress(blake *h, int last) {
    uint64_t v[16], m[16];
    for (int i = 0; i < 16; i++) m[i] = little_endian(h->block + 8 * i);
    for (int i = 0; i < 8; i++) {
        v[i] = h->state[i];
        v[i + 8] = INITIAL[i];
    }
    v[12] ^= h->total;
    if (last) v[14] = ~v[14];
    for (int round = 0; round < 12; round++) {
        const uint8_t *s = SCHEDULE[round % 10];
        mix(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
        mix(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
        mix(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
        mix(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
        mix(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
        mix(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
        mix(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
        mix(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
    }
    for (int i = 0; i < 8; i++) h->state[i] ^= v[i] ^ v[i + 8];
}

static void begin(blake *h) {
    memcpy(h->state, INITIAL, sizeof INITIAL);
    h->state[0] ^= 0x01010000u ^ DIGEST;
    h->total = 0;
    h->used = 0;
}

static void add(blake *h, const void *bytes, int64_t length) {
    const uint8_t *at = bytes;
    while (length > 0) {
        int64_t part;
        if (h->used == BLOCK) { /* only now is it known that this block is not the last */
            h->total += BLOCK;
            compress(h, 0);
            h->used = 0;
        }
        part = length < BLOCK - h->used ? length : BLOCK - h->used;
        memcpy(h->block + h->used, at, (size_t)part);
        h->used += (int)part;
        at += part;
        length -= part;
    }
}

static void end(blake *h, uint8_t *out) {
    h->total += (uint64_t)h->used;
    memset(h->block + h->used, 0, (size_t)(BLOCK - h->used));
    compress(h, 1);
    for (int i = 0; i < DIGEST; i++) out[i] = (uint8_t)(h->state[i / 8] >> 8 * (i % 8));
}

/* A column of an Arrow array of texts that begins at its first row. */
typedef struct {
    const int32_t *offsets;
    const uint8_t *data;
    const uint8_t *validity; /* NULL: no nulls */
    int64_t tag;             /* 'S' or 'N' */
} part;

static int decimal_text(int64_t value, char *out) {
    char reversed[24];
    int length = 0;
    do {
        reversed[length++] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    for (int i = 0; i < length; i++) out[i] = reversed[length - 1 - i];
    return length;
}

/* A whole number as Python's Decimal writes it without its last zeros: 12, 1.2E+3; its length, or 0 for others. */
static int canonical(const uint8_t *at, int64_t length, char *out) {
    int count = 0;
    int64_t kept;
    if (length > 0 && *at == '-') {
        out[count++] = '-';
        at++;
        length--;
    }
    if (length < 1 || length > MAX_DIGITS || *at == '0') return 0;
    for (int64_t i = 0; i < length; i++)
        if (at[i] < '0' || at[i] > '9') return 0;
    for (kept = length; at[kept - 1] == '0';) kept--;
    out[count++] = (char)at[0];
    if (kept == length) {
        memcpy(out + count, at + 1, (size_t)(length - 1));
        return count + (int)length - 1;
    }
    if (kept > 1) {
        out[count++] = '.';
        memcpy(out + count, at + 1, (size_t)(kept - 1));
        count += (int)kept - 1;
    }
    out[count++] = 'E';
    out[count++] = '+';
    return count + decimal_text(length - 1, out + count);
}

static void add_part(blake *h, char tag, const void *text, int64_t length, int64_t characters) {
    char head[32];
    int size = 0;
    head[size++] = tag;
    size += decimal_text(characters, head + size);
    head[size++] = ':';
    add(h, head, size);
    add(h, text, length);
}

static int64_t characters_in(const uint8_t *at, int64_t length) {
    int64_t count = 0;
    for (int64_t i = 0; i < length; i++) count += (at[i] & 0xC0) != 0x80;
    return count;
}

/* The sum of 16-byte hashes as little-endian numbers, modulo 2^128. */
EXPORT void key_sum(const uint8_t *hashes, int64_t rows, uint64_t total[2]) {
    uint64_t low = 0, high = 0;
    for (int64_t row = 0; row < rows; row++) {
        uint64_t before = low;
        low += little_endian(hashes + DIGEST * row);
        high += little_endian(hashes + DIGEST * row + 8) + (low < before);
    }
    total[0] = low;
    total[1] = high;
}

/* Writes 16 bytes a row; returns 0 where a number needs Python. */
EXPORT int key_hashes(int32_t parts, const part *columns, int64_t rows, uint8_t *out) {
    for (int64_t row = 0; row < rows; row++) {
        blake h;
        begin(&h);
        for (int32_t i = 0; i < parts; i++) {
            const part *p = &columns[i];
            const uint8_t *at = p->data + p->offsets[row];
            int64_t length = p->offsets[row + 1] - p->offsets[row];
            if (p->validity != NULL && !(p->validity[row / 8] >> row % 8 & 1)) {
                add(&h, "-", 1);
            } else if (p->tag == 'N') {
                char text[MAX_DIGITS + 16];
                int size = canonical(at, length, text);
                if (size == 0) return 0;
                add_part(&h, 'N', text, size, size);
            } else {
                add_part(&h, 'S', at, length, characters_in(at, length));
            }
        }
        end(&h, out + DIGEST * row);
    }
    return 1;
}
