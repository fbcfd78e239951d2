// SPDX-License-Identifier: GPL-2.0-only

//! A module whose `init` panics while C knows of what is pinned on its stack: a file of debugfs, and a timer.

use kernel::debugfs::Dir;
use kernel::impl_has_hr_timer;
use kernel::prelude::*;
use kernel::sync::new_spinlock;
use kernel::sync::SpinLock;
use kernel::time::hrtimer::HrTimer;
use kernel::time::hrtimer::HrTimerCallback;
use kernel::time::hrtimer::HrTimerCallbackContext;
use kernel::time::hrtimer::HrTimerRestart;
use kernel::time::hrtimer::RelativeMode;
use kernel::time::hrtimer::ScopedHrTimerPointer;
use kernel::time::Delta;
use kernel::time::Monotonic;
use pin_init::stack_pin_init;

module! {
    type: LifePanics,
    name: "life_panics",
    description: "Panics with things pinned to its stack",
    license: "GPL",
}

/// What is on the stack, and stays as it is.
const TEXT: [u8; 64] = [0x55; 64];

#[pin_data]
struct Late {
    text: [u8; 64],
    #[pin]
    timer: HrTimer<Self>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Late {
        mode: RelativeMode<Monotonic>, field: self.timer
    }
}

impl HrTimerCallback for Late {
    type Pointer<'a> = Pin<&'a Self>;

    fn run(this: Pin<&Self>, _ctx: HrTimerCallbackContext<'_, Self>) -> HrTimerRestart {
        pr_info!("the timer finds its text: {}\n", this.text == TEXT);
        HrTimerRestart::NoRestart
    }
}

struct LifePanics;

impl kernel::Module for LifePanics {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let dir = Dir::new(c"life_panics");
        stack_pin_init!(let file = dir.read_only_file(c"text", TEXT));
        stack_pin_init!(let late = pin_init!(Late { text: TEXT, timer <- HrTimer::new() }));
        stack_pin_init!(let lock: SpinLock<usize> = new_spinlock!(file.len()));
        late.as_ref().start_scoped(Delta::from_millis(300), || {
            let guard = lock.lock();
            panic!("{} bytes stay on the stack", *guard);
        });
        Ok(Self)
    }
}
