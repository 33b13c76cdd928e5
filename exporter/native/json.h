/* JSON as DynamoDB writes it, read in place: nothing here allocates, copies or reports. Every `take` moves the cursor
 * behind what it found and returns whether it found it. */
#ifndef EXPORTER_JSON_H
#define EXPORTER_JSON_H

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* DynamoDB's type tags, as bits. The order is that of `exporter.native.library.KINDS`. */
enum kind {
    ABSENT = 0, S = 1, N = 2, BOOL = 4, NOTHING = 8, B = 16, M = 32, L = 64, SS = 128, NS = 256, BS = 512
};

enum { MAX_DEPTH = 64, WORD = 8 };

typedef struct {
    const uint8_t *at, *end;
} cursor;

typedef struct {
    const uint8_t *start;
    int64_t length;
    int escaped;
} text;

static inline uint64_t word_at(const uint8_t *at) {
    uint64_t word;
    memcpy(&word, at, WORD);
    return word;
}

/* The high bit of each byte of `word` that is a quote, a backslash, a control character or not ASCII. A byte above one
 * that is marked may be marked wrongly, because a borrow runs upwards; the lowest mark is always right. */
static inline uint64_t special(uint64_t word) {
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
    return (word | (quote - ones) | (backslash - ones) | (word - ones * 0x20)) & highs;
}

/* Whether the sequence at `at` is a character beyond ASCII in UTF-8, in its shortest form and no surrogate; its length,
 * or 0. */
static inline int character(const uint8_t *at, const uint8_t *end) {
    int64_t left = end - at;
#define FOLLOWS(n) ((at[n] & 0xC0) == 0x80)
    if (at[0] >= 0xC2 && at[0] <= 0xDF) return left >= 2 && FOLLOWS(1) ? 2 : 0;
    if ((at[0] & 0xF0) == 0xE0) {
        if (left < 3 || !FOLLOWS(1) || !FOLLOWS(2)) return 0;
        if (at[0] == 0xE0 && at[1] < 0xA0) return 0;
        if (at[0] == 0xED && at[1] > 0x9F) return 0;
        return 3;
    }
    if (at[0] >= 0xF0 && at[0] <= 0xF4) {
        if (left < 4 || !FOLLOWS(1) || !FOLLOWS(2) || !FOLLOWS(3)) return 0;
        if (at[0] == 0xF0 && at[1] < 0x90) return 0;
        if (at[0] == 0xF4 && at[1] > 0x8F) return 0;
        return 4;
    }
#undef FOLLOWS
    return 0;
}

static inline int hexadecimal(const uint8_t *at, const uint8_t *end) {
    int value = 0;
    if (end - at < 4) return -1;
    for (int i = 0; i < 4; i++) {
        uint8_t c = at[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* The code point of `\uXXXX` or of a pair of them, at the first backslash; -1 for half a pair. `used` is its length. */
static inline int32_t code_point(const uint8_t *at, const uint8_t *end, int *used) {
    int high = hexadecimal(at + 2, end), low;
    *used = 6;
    if (high < 0xD800 || high > 0xDFFF) return high;
    if (high > 0xDBFF || end - at < 12 || at[6] != '\\' || at[7] != 'u') return -1;
    low = hexadecimal(at + 8, end);
    if (low < 0xDC00 || low > 0xDFFF) return -1;
    *used = 12;
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
}

static inline int escape_of(uint8_t letter) {
    switch (letter) {
    case '"': return '"';
    case '\\': return '\\';
    case '/': return '/';
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return -1;
    }
}

static inline void skip_space(cursor *c) {
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\n' || *c->at == '\r' || *c->at == '\t')) c->at++;
}

static inline int take(cursor *c, uint8_t wanted) {
    if (c->at < c->end && *c->at == wanted) {
        c->at++;
        return 1;
    }
    skip_space(c);
    if (c->at >= c->end || *c->at != wanted) return 0;
    c->at++;
    return 1;
}

static inline int next_is(cursor *c, uint8_t wanted) {
    if (c->at < c->end && *c->at <= ' ') skip_space(c);
    return c->at < c->end && *c->at == wanted;
}

/* The first byte from `at` on that is a quote, a backslash, a control character or not ASCII, or one at most `WORD` - 1
 * bytes before the end. */
static inline const uint8_t *after_plain(const uint8_t *at, const uint8_t *end) {
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), space = _mm_set1_epi8(' ');
    while (end - at >= 2 * WORD) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        /* As signed numbers, bytes beyond ASCII are below a space, too. */
        __m128i marks = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                                     _mm_cmplt_epi8(bytes, space));
        int found = _mm_movemask_epi8(marks);
        if (found) return at + __builtin_ctz((unsigned)found);
        at += 2 * WORD;
    }
#endif
    while (end - at >= WORD) {
        uint64_t marks = special(word_at(at));
        if (marks) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
            at += __builtin_ctzll(marks) / 8;
#endif
            return at;
        }
        at += WORD;
    }
    return at;
}

/* The quote that ends the text at `at`, if that is well-formed UTF-8 and its escapes are complete; NULL otherwise. */
static inline const uint8_t *end_of_text(const uint8_t *at, const uint8_t *end, int *escaped) {
    *escaped = 0;
    for (;;) {
        at = after_plain(at, end);
        if (at >= end) return NULL;
        if (*at == '"') return at;
        if (*at == '\\') {
            *escaped = 1;
            if (end - at < 2) return NULL;
            if (at[1] == 'u') {
                int used;
                if (code_point(at, end, &used) < 0) return NULL;
                at += used;
            } else if (escape_of(at[1]) >= 0) {
                at += 2;
            } else {
                return NULL;
            }
        } else if (*at < 0x20) {
            return NULL;
        } else if (*at < 0x80) {
            at++;
        } else {
            int bytes = character(at, end);
            if (!bytes) return NULL;
            at += bytes;
        }
    }
}

static inline int take_text(cursor *c, text *found) {
    const uint8_t *quote;
    if (!take(c, '"')) return 0;
    quote = end_of_text(c->at, c->end, &found->escaped);
    if (quote == NULL) return 0;
    found->start = c->at;
    found->length = quote - c->at;
    c->at = quote + 1;
    return 1;
}

static inline int take_word(cursor *c, const char *word, int64_t length) {
    skip_space(c);
    if (c->end - c->at < length || memcmp(c->at, word, (size_t)length) != 0) return 0;
    c->at += length;
    return 1;
}

static inline int digits(cursor *c) {
    const uint8_t *start = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') c->at++;
    return c->at > start;
}

/* A number as JSON writes it. */
static inline int take_number(cursor *c) {
    if (c->at < c->end && *c->at == '-') c->at++;
    if (c->at < c->end && *c->at == '0') {
        c->at++;
    } else if (!digits(c)) {
        return 0;
    }
    if (c->at < c->end && *c->at == '.') {
        c->at++;
        if (!digits(c)) return 0;
    }
    if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
        c->at++;
        if (c->at < c->end && (*c->at == '+' || *c->at == '-')) c->at++;
        if (!digits(c)) return 0;
    }
    return 1;
}

static inline int skip_value(cursor *c, int depth) {
    text ignored;
    skip_space(c);
    if (c->at >= c->end || depth > MAX_DEPTH) return 0;
    switch (*c->at) {
    case '"': return take_text(c, &ignored);
    case '{':
    case '[': {
        uint8_t open = *c->at, close = open == '{' ? '}' : ']';
        c->at++;
        if (take(c, close)) return 1;
        do {
            if (open == '{' && !(take_text(c, &ignored) && take(c, ':'))) return 0;
            if (!skip_value(c, depth + 1)) return 0;
        } while (take(c, ','));
        return take(c, close);
    }
    case 't': return take_word(c, "true", 4);
    case 'f': return take_word(c, "false", 5);
    case 'n': return take_word(c, "null", 4);
    default: return take_number(c);
    }
}

static inline int kind_of_tag(const text *tag) {
    if (tag->escaped) return ABSENT;
    switch (tag->length) {
    case 1:
        switch (tag->start[0]) {
        case 'S': return S;
        case 'N': return N;
        case 'B': return B;
        case 'M': return M;
        case 'L': return L;
        default: return ABSENT;
        }
    case 2:
        if (tag->start[1] != 'S') return ABSENT;
        switch (tag->start[0]) {
        case 'S': return SS;
        case 'N': return NS;
        case 'B': return BS;
        default: return ABSENT;
        }
    case 4:
        if (memcmp(tag->start, "BOOL", 4) == 0) return BOOL;
        return memcmp(tag->start, "NULL", 4) == 0 ? NOTHING : ABSENT;
    default: return ABSENT;
    }
}

static inline int64_t unescaped(const uint8_t *at, int64_t length, uint8_t *out) {
    const uint8_t *end = at + length;
    uint8_t *start = out;
    while (at < end) {
        if (*at != '\\') {
            *out++ = *at++;
        } else if (at[1] != 'u') {
            *out++ = (uint8_t)escape_of(at[1]);
            at += 2;
        } else {
            int used;
            uint32_t point = (uint32_t)code_point(at, end, &used);
            at += used;
            if (point < 0x80) {
                *out++ = (uint8_t)point;
            } else if (point < 0x800) {
                *out++ = (uint8_t)(0xC0 | point >> 6);
                *out++ = (uint8_t)(0x80 | (point & 0x3F));
            } else if (point < 0x10000) {
                *out++ = (uint8_t)(0xE0 | point >> 12);
                *out++ = (uint8_t)(0x80 | (point >> 6 & 0x3F));
                *out++ = (uint8_t)(0x80 | (point & 0x3F));
            } else {
                *out++ = (uint8_t)(0xF0 | point >> 18);
                *out++ = (uint8_t)(0x80 | (point >> 12 & 0x3F));
                *out++ = (uint8_t)(0x80 | (point >> 6 & 0x3F));
                *out++ = (uint8_t)(0x80 | (point & 0x3F));
            }
        }
    }
    return out - start;
}

static inline uint32_t hash_of(const uint8_t *name, int64_t length) {
    uint32_t hash = 2166136261u;
    for (int64_t i = 0; i < length; i++) hash = (hash ^ name[i]) * 16777619u;
    return hash;
}

#endif
