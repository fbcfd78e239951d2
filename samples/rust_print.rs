// SPDX-License-Identifier: GPL-2.0-only

//! Print sample: every level of the kernel's log, continued lines, and what can be formatted.
//!
//! ```sh
//! insmod rust_print.ko
//! rmmod rust_print
//! ```
//!
//! ```text
//! rust_print: emergency message (level 0) without arguments
//! rust_print: alert message (level 1) with one: 1
//! rust_print: critical message (level 2) with a string: two
//! rust_print: error message (level 3) with an error: EINVAL
//! rust_print: warning message (level 4) in hexadecimal: 0x4
//! rust_print: notice message (level 5) with padding: 00005
//! rust_print: info message (level 6) with a struct: Point { x: 6, y: -6 }
//! rust_print: a line that is continued twice
//! rust_print: shared among 2: 42
//! rust_print: behind a trait: a circle of radius 3, a square of side 2
//! rust_print: goodbye
//! ```

#![forbid(unsafe_code)]

use kernel::fmt::{self, Display};
use kernel::pr_cont;
use kernel::prelude::*;
use kernel::sync::Arc;

module! {
    type: RustPrint,
    name: "rust_print",
    authors: ["The Ferrule developers"],
    description: "Sample of the printing macros",
    license: "GPL",
}

struct RustPrint;

#[derive(Debug)]
#[expect(dead_code, reason = "formatting reads the fields")]
struct Point {
    x: i32,
    y: i32,
}

struct Circle(u32);

struct Square(u32);

impl Display for Circle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a circle of radius {}", self.0)
    }
}

impl Display for Square {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a square of side {}", self.0)
    }
}

/// Formats what lies behind shared pointers, one of them to a trait object.
fn print_pointers() -> Result {
    let answer = Arc::new(42, GFP_KERNEL)?;
    let other = answer.clone();
    pr_info!("shared among {}: {}\n", 2, *other);

    let circle: Arc<dyn Display> = Arc::new(Circle(3), GFP_KERNEL)?;
    let square: KBox<dyn Display> = KBox::new(Square(2), GFP_KERNEL)?;
    pr_info!("behind a trait: {}, {}\n", &*circle, &*square);
    Ok(())
}

impl kernel::Module for RustPrint {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        pr_emerg!("emergency message (level 0) without arguments\n");
        pr_alert!("alert message (level 1) with one: {}\n", 1);
        pr_crit!("critical message (level 2) with a string: {}\n", "two");
        pr_err!("error message (level 3) with an error: {:?}\n", EINVAL);
        pr_warn!("warning message (level 4) in hexadecimal: {:#x}\n", 4);
        pr_notice!("notice message (level 5) with padding: {:05}\n", 5);
        pr_info!(
            "info message (level 6) with a struct: {:?}\n",
            Point { x: 6, y: -6 }
        );
        // Compiled only where debug assertions are on.
        pr_debug!("debug message (level 7)\n");

        pr_info!("a line that is");
        pr_cont!(" continued");
        pr_cont!(" twice\n");

        print_pointers()?;
        Ok(Self)
    }
}

impl Drop for RustPrint {
    fn drop(&mut self) {
        pr_info!("goodbye\n");
    }
}
