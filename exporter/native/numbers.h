/* DynamoDB's numbers, which are texts, as doubles, whole numbers and decimals, where that takes no rounding. */
#ifndef EXPORTER_NUMBERS_H
#define EXPORTER_NUMBERS_H

#include <stdint.h>

/* A number of at most 18 digits, `[-]digits[.digits][E[sign]digits]` without needless zeros in front: its digits as a
 * whole number and the power of ten that they are multiplied by. */
typedef struct {
    int64_t digits;
    int32_t exponent, significant, negative;
} number;

static inline int take_decimal(const uint8_t *at, int64_t length, number *found) {
    const uint8_t *end = at + length, *start;
    int64_t value = 0;
    int32_t exponent = 0, significant = 0;
    found->negative = at < end && *at == '-';
    at += found->negative;
    start = at;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        if (++significant > 18) return 0;
        value = value * 10 + (*at - '0');
    }
    if (at == start || (*start == '0' && at - start > 1)) return 0;
    if (at < end && *at == '.') {
        start = ++at;
        for (; at < end && *at >= '0' && *at <= '9'; at++) {
            if (++significant > 18) return 0;
            value = value * 10 + (*at - '0');
            exponent--;
        }
        if (at == start) return 0;
    }
    if (at < end && (*at == 'E' || *at == 'e')) {
        int32_t power = 0, minus;
        at++;
        minus = at < end && *at == '-';
        at += at < end && (*at == '-' || *at == '+');
        start = at;
        for (; at < end && *at >= '0' && *at <= '9'; at++) {
            if (at - start >= 3) return 0;
            power = power * 10 + (*at - '0');
        }
        if (at == start) return 0;
        exponent += minus ? -power : power;
    }
    found->digits = value;
    found->exponent = exponent;
    found->significant = significant;
    return at == end;
}

static inline int64_t power_of_ten(int32_t exponent) {
    int64_t power = 1;
    while (exponent-- > 0) power *= 10;
    return power;
}

/* At most 15 digits and a power of ten that a double holds exactly: one operation, so the result is the nearest. */
static inline int as_double(const uint8_t *at, int64_t length, double *out) {
    static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                  1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    number found;
    if (!take_decimal(at, length, &found) || found.significant > 15) return 0;
    if (found.exponent < -22 || found.exponent > 22) return 0;
    *out = found.exponent < 0 ? (double)found.digits / tens[-found.exponent] : (double)found.digits * tens[found.exponent];
    if (found.negative) *out = -*out;
    return 1;
}

static inline int as_whole(const uint8_t *at, int64_t length, int64_t *out) {
    number found;
    for (int64_t i = 0; i < length; i++)
        if (at[i] != '-' && (at[i] < '0' || at[i] > '9')) return 0;
    if (!take_decimal(at, length, &found)) return 0;
    *out = found.negative ? -found.digits : found.digits;
    return 1;
}

static inline int as_decimal(const uint8_t *at, int64_t length, int32_t precision, int32_t scale, int64_t *out) {
    number found;
    int32_t shift;
    if (!take_decimal(at, length, &found)) return 0;
    shift = scale + found.exponent;
    if (shift < 0 || found.significant + shift > (precision < 18 ? precision : 18)) return 0;
    *out = found.digits * power_of_ten(shift);
    if (found.negative) out[0] = -out[0];
    out[1] = out[0] < 0 ? -1 : 0;
    return 1;
}

#endif
