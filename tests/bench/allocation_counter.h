// Counts what this program allocates: linking the counter replaces the global operator new.

#ifndef PLUMBLINE_TESTS_BENCH_ALLOCATION_COUNTER_H_
#define PLUMBLINE_TESTS_BENCH_ALLOCATION_COUNTER_H_

#include <cstdint>

namespace plumbline::bench {

// Calls of operator new by the calling thread since it began.
uint64_t AllocationsOfThisThread();

}  // namespace plumbline::bench

#endif  // PLUMBLINE_TESTS_BENCH_ALLOCATION_COUNTER_H_
