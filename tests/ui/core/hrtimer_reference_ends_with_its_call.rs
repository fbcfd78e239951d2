// SPDX-License-Identifier: GPL-2.0-only

//! A timer's function cannot keep an exclusive reference until it is called again, and then have two.

//~ error[E0308]: method not compatible with trait

use kernel::impl_has_hr_timer;
use kernel::prelude::*;
use kernel::time::hrtimer::*;
use kernel::time::Monotonic;

#[pin_data]
pub struct Item {
    #[pin]
    timer: HrTimer<Self>,
}

impl_has_hr_timer! {
    impl HasHrTimer<Self> for Item {
        mode: RelativeMode<Monotonic>, field: self.timer
    }
}

impl HrTimerCallback for Item {
    // The lifetime is not used.
    type Pointer<'a> = Pin<&'static mut Self>;

    fn run(
        _this: Pin<&'static mut Self>,
        _ctx: HrTimerCallbackContext<'_, Self>,
    ) -> HrTimerRestart {
        HrTimerRestart::NoRestart
    }
}
