// SPDX-License-Identifier: GPL-2.0-only

#include <linux/atomic.h>
#include <linux/types.h>

/* Every ordering of an operation that changes the value: `op` has these suffixes in C. */
#define RUST_HELPER_ORDERINGS(helper, ...) \
	helper(, __VA_ARGS__) \
	helper(_acquire, __VA_ARGS__) \
	helper(_release, __VA_ARGS__) \
	helper(_relaxed, __VA_ARGS__)

#define RUST_HELPER_LOAD_STORE(name, type) \
__rust_helper type rust_helper_atomic_##name##_read(const type *ptr) \
{ \
	return READ_ONCE(*ptr); \
} \
__rust_helper type rust_helper_atomic_##name##_read_acquire(const type *ptr) \
{ \
	return smp_load_acquire(ptr); \
} \
__rust_helper void rust_helper_atomic_##name##_set(type *ptr, type value) \
{ \
	WRITE_ONCE(*ptr, value); \
} \
__rust_helper void rust_helper_atomic_##name##_set_release(type *ptr, type value) \
{ \
	smp_store_release(ptr, value); \
}

#define RUST_HELPER_XCHG(order, name, type) \
__rust_helper type rust_helper_atomic_##name##_xchg##order(type *ptr, type value) \
{ \
	return xchg##order(ptr, value); \
}

#define RUST_HELPER_TRY_CMPXCHG(order, name, type) \
__rust_helper bool rust_helper_atomic_##name##_try_cmpxchg##order(type *ptr, type *old, type new) \
{ \
	return try_cmpxchg##order(ptr, old, new); \
}

#define RUST_HELPER_FETCH_ADD(order, name, type, c) \
__rust_helper type rust_helper_atomic_##name##_fetch_add##order(type *ptr, type value) \
{ \
	return c##_fetch_add##order(value, (c##_t *)ptr); \
}

#define RUST_HELPER_FETCH_SUB(order, name, type, c) \
__rust_helper type rust_helper_atomic_##name##_fetch_sub##order(type *ptr, type value) \
{ \
	return c##_fetch_sub##order(value, (c##_t *)ptr); \
}

#define RUST_HELPER_BASIC(name, type) \
	RUST_HELPER_LOAD_STORE(name, type) \
	RUST_HELPER_ORDERINGS(RUST_HELPER_XCHG, name, type) \
	RUST_HELPER_ORDERINGS(RUST_HELPER_TRY_CMPXCHG, name, type)

#define RUST_HELPER_ARITHMETIC(name, type, c) \
	RUST_HELPER_ORDERINGS(RUST_HELPER_FETCH_ADD, name, type, c) \
	RUST_HELPER_ORDERINGS(RUST_HELPER_FETCH_SUB, name, type, c) \
__rust_helper void rust_helper_atomic_##name##_add(type *ptr, type value) \
{ \
	c##_add(value, (c##_t *)ptr); \
} \
__rust_helper void rust_helper_atomic_##name##_sub(type *ptr, type value) \
{ \
	c##_sub(value, (c##_t *)ptr); \
}

typedef const void *rust_helper_ptr;

RUST_HELPER_BASIC(i8, s8)
RUST_HELPER_BASIC(i16, s16)
RUST_HELPER_BASIC(i32, s32)
RUST_HELPER_BASIC(i64, s64)
RUST_HELPER_BASIC(ptr, rust_helper_ptr)
RUST_HELPER_ARITHMETIC(i32, s32, atomic)
RUST_HELPER_ARITHMETIC(i64, s64, atomic64)
