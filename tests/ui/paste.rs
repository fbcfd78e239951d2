// SPDX-License-Identifier: GPL-2.0-only

//! What `paste!` cannot paste.

use macros::paste;

paste! { fn [<a - b>]() {} }
paste! { fn [<a 1.5>]() {} }
paste! { fn [<a:title>]() {} }
paste! { fn [<:upper a>]() {} }
paste! { fn [<1 a>]() {} }
paste! { fn [<>]() {} }

fn main() {}
