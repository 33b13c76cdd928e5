/* Which places of the compiled reader are reached, and what it compares, as atheris' fuzzer wants to know them.
 *
 * A reader of its own is compiled with -fsanitize-coverage=trace-pc,trace-cmp, which gcc and clang have; this file is
 * compiled without. The fuzzer's functions are looked up by hand: a process in which they were visible to all
 * libraries would be one that atheris takes for having a fuzzer of its own. */
#include <dlfcn.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

enum { PLACES = 1 << 16 };

static uint8_t counters[PLACES];
static uintptr_t places[PLACES][2]; /* the address that stands for each counter, and flags that say nothing */

void __sanitizer_cov_trace_pc(void) {
    uintptr_t at = (uintptr_t)__builtin_return_address(0);
    uint8_t *counter = &counters[at % PLACES];
    *counter = (uint8_t)(*counter + (*counter != UINT8_MAX));
}

#define COMPARISONS(of) \
    of(cmp1, uint8_t) of(cmp2, uint16_t) of(cmp4, uint32_t) of(cmp8, uint64_t) \
    of(const_cmp1, uint8_t) of(const_cmp2, uint16_t) of(const_cmp4, uint32_t) of(const_cmp8, uint64_t)

#define FORWARDED(name, type) \
    static void (*fuzzer_##name)(type, type); \
    void __sanitizer_cov_trace_##name(type one, type other) { if (fuzzer_##name) fuzzer_##name(one, other); }
COMPARISONS(FORWARDED)

static void (*fuzzer_switch)(uint64_t, uint64_t *);
void __sanitizer_cov_trace_switch(uint64_t value, uint64_t *cases) { if (fuzzer_switch) fuzzer_switch(value, cases); }
void __sanitizer_cov_trace_cmpf(float one, float other) { (void)one; (void)other; }
void __sanitizer_cov_trace_cmpd(double one, double other) { (void)one; (void)other; }

/* Returns 0 where the fuzzer is another one than expected. */
EXPORT int counted(void *fuzzer) {
    void (*take_counters)(uint8_t *, uint8_t *) = dlsym(fuzzer, "__sanitizer_cov_8bit_counters_init");
    void (*take_places)(const uintptr_t *, const uintptr_t *) = dlsym(fuzzer, "__sanitizer_cov_pcs_init");
    if (!take_counters || !take_places) return 0;
    for (uintptr_t i = 0; i < PLACES; i++) places[i][0] = (uintptr_t)counters + i;
    take_counters(counters, counters + PLACES);
    take_places(places[0], places[PLACES]);
#define FOUND(name, type) fuzzer_##name = dlsym(fuzzer, "__sanitizer_cov_trace_" #name);
    COMPARISONS(FOUND)
    fuzzer_switch = dlsym(fuzzer, "__sanitizer_cov_trace_switch");
    return 1;
}
