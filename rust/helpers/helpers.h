/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every helper starts from.
 *
 * A helper gives Rust what C has as an inline or a macro: `rust_helper_x` stands for `x`, and Rust sees
 * it under that name. Its signature is the newest kernel's; what an older kernel lacks is levelled inside.
 */

#ifndef _RUST_HELPERS_H
#define _RUST_HELPERS_H

/* rustc's and clang's functions differ in attributes: only always_inline crosses that border. */
#ifdef FERRULE_HELPERS_INLINE
#define __rust_helper __attribute__((always_inline))
#else
#define __rust_helper
#endif

#endif
