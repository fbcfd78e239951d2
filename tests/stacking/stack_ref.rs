// SPDX-License-Identifier: GPL-2.0-only

//! Holds references on itself, as many as the parameter `hold` says.

use core::ptr;
use core::sync::atomic::AtomicPtr;
use core::sync::atomic::Ordering::AcqRel;
use kernel::prelude::*;
use kernel::types::ForeignOwnable;
use kernel::ModuleRef;

module! {
    type: Held,
    name: "stack_ref",
    description: "Test: references on a module",
    license: "GPL",
    params: {
        hold: u32 {
            default: 0,
            description: "How many references to hold",
            permissions: 0o644,
            set: hold,
        },
    },
}

type References = KVec<ModuleRef>;

/// A `KBox<References>` that C would hold, or null.
static HELD: AtomicPtr<c_void> = AtomicPtr::new(ptr::null_mut());

fn hold(count: &u32) -> Result {
    let mut references = References::new();
    for _ in 0..*count {
        let another = match references.first() {
            Some(reference) => reference.clone(),
            None => THIS_MODULE.try_get().ok_or(ENODEV)?,
        };
        references.push(another, GFP_KERNEL)?;
    }
    let new = KBox::new(references, GFP_KERNEL)?.into_foreign();
    let old = HELD.swap(new, AcqRel);
    // SAFETY: It was put there just as `new` is, and the swap gave it to nobody else.
    drop(unsafe { KBox::<References>::try_from_foreign(old) });
    pr_info!("holds {count}\n");
    Ok(())
}

struct Held;

impl kernel::Module for Held {
    fn init(module: &'static ThisModule) -> Result<Self> {
        let reference = module.try_get().ok_or(EINVAL)?;
        pr_info!("itself: {}\n", ptr::eq(reference.module(), module));
        Ok(Self)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        pr_info!("refused: {}\n", THIS_MODULE.try_get().is_none());
        // SAFETY: As in `hold`, which is not called any more.
        drop(unsafe { KBox::<References>::try_from_foreign(HELD.swap(ptr::null_mut(), AcqRel)) });
    }
}
