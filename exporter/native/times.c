/* Hours of the texts that most sort keys are: 2026-02-16T09:58Z, with seconds and a fraction or without.
 *
 * As in page.c, what is spelled otherwise is declined, and the caller reads it in Python.
 */
#include <stdint.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

enum { HOUR_LENGTH = 13, MINUTE_LENGTH = 16, SECOND_LENGTH = 19 };

static int is_digit(uint8_t byte) { return byte >= '0' && byte <= '9'; }

static int two_digits(const uint8_t *at) { return is_digit(at[0]) && is_digit(at[1]) ? (at[0] - '0') * 10 + at[1] - '0' : -1; }

/* Days since 1970 of a date of the proleptic Gregorian calendar, from March on, so that a leap day comes last. */
static int32_t days_since_1970(int year, int month, int day) {
    int from_march = (month + 9) % 12, y = year - (month <= 2);
    int era = y / 400, of_era = y % 400;
    int of_year = (153 * from_march + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int days_in(int year, int month) {
    if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/* Hours since 1970 of `YYYY-MM-DDTHH`; 0, which is declined, for others. */
static int32_t hour_of(const uint8_t *at) {
    int high = two_digits(at), low = two_digits(at + 2), month = two_digits(at + 5), day = two_digits(at + 8);
    int hour = two_digits(at + 11), year = high * 100 + low;
    if (high < 0 || low < 0 || year <= 1970 || at[4] != '-' || at[7] != '-' || at[10] != 'T') return 0;
    if (month < 1 || month > 12 || day < 1 || day > days_in(year, month) || hour < 0 || hour > 23) return 0;
    return days_since_1970(year, month, day) * 24 + hour;
}

/* Whether what follows the hour is `:MM(:SS(.f+)?)?Z`. A leap second is declined. */
static int ends_regularly(const uint8_t *at, int64_t length) {
    int minute, second;
    if (length <= MINUTE_LENGTH || at[length - 1] != 'Z' || at[HOUR_LENGTH] != ':') return 0;
    minute = two_digits(at + HOUR_LENGTH + 1);
    if (minute < 0 || minute > 59) return 0;
    if (length == MINUTE_LENGTH + 1) return 1;
    if (length <= SECOND_LENGTH || at[MINUTE_LENGTH] != ':') return 0;
    second = two_digits(at + MINUTE_LENGTH + 1);
    if (second < 0 || second > 59) return 0;
    if (length == SECOND_LENGTH + 1) return 1;
    if (length == SECOND_LENGTH + 2 || at[SECOND_LENGTH] != '.') return 0;
    for (int64_t i = SECOND_LENGTH + 1; i < length - 1; i++)
        if (!is_digit(at[i])) return 0;
    return 1;
}

/* Writes the hour of every row; returns 0 where a row is not as above. The texts begin at the first row. */
EXPORT int zulu_hours(const int32_t *offsets, const uint8_t *data, int64_t rows, int32_t *hours) {
    const uint8_t *before = NULL;
    int32_t hour = 0;
    for (int64_t row = 0; row < rows; row++) {
        const uint8_t *at = data + offsets[row];
        int64_t length = offsets[row + 1] - offsets[row];
        if (!ends_regularly(at, length)) return 0;
        if (before == NULL || memcmp(before, at, HOUR_LENGTH) != 0) hour = hour_of(at);
        if (hour == 0) return 0;
        before = at;
        hours[row] = hour;
    }
    return 1;
}
