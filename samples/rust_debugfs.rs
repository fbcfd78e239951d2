// SPDX-License-Identifier: GPL-2.0-only

//! Debugfs sample: a driver whose data can be seen and changed in `/sys/kernel/debug`.
//!
//! It takes on the same device as `rust_driver_platform`. Who still has a file open when the driver
//! goes away gets an error, and keeps the module loaded.
//!
//! ```sh
//! insmod rust_debugfs.ko
//! grep "^3$" /sys/kernel/debug/rust_debugfs/counter
//! echo 40 > /sys/kernel/debug/rust_debugfs/counter
//! ! echo forty > /sys/kernel/debug/rust_debugfs/counter
//! grep "1 of 41" /sys/kernel/debug/rust_debugfs/pair/text
//! exec 3</sys/kernel/debug/rust_debugfs/counter
//! ! rmmod rust_debugfs
//! echo LNUXBEEF:00 > /sys/bus/platform/drivers/rust_debugfs/unbind
//! ! cat <&3
//! exec 3<&-
//! rmmod rust_debugfs
//! ```
//!
//! ```text
//! rust_debugfs LNUXBEEF:00: counter is 3
//! rust_debugfs LNUXBEEF:00: counter was 41
//! ```

#![forbid(unsafe_code)]

use core::fmt::{Debug, Formatter};
use core::sync::atomic::{AtomicU32, Ordering};
use kernel::debugfs::{Dir, File, Reader, Scope};
use kernel::device::Core;
use kernel::prelude::*;
use kernel::str::{BStr, ParseInt};
use kernel::uaccess::UserSliceReader;
use kernel::{acpi, platform};

kernel::acpi_device_table!(ACPI_DEBUGFS, (), [(acpi::DeviceId::new(c"LNUXBEEF"), ())]);

/// A number to read and write.
struct Counter(AtomicU32);

impl Debug for Counter {
    fn fmt(&self, f: &mut Formatter<'_>) -> core::fmt::Result {
        self.0.load(Ordering::Relaxed).fmt(f)
    }
}

impl Reader for Counter {
    fn read_from_slice(&self, reader: &mut UserSliceReader) -> Result {
        let mut text = [0; 16];
        let text = text.get_mut(..reader.len()).ok_or(EINVAL)?;
        reader.read_slice(text)?;
        let number = u32::from_str(BStr::from_bytes(text.trim_ascii()))?;
        self.0.store(number + 1, Ordering::Relaxed);
        Ok(())
    }
}

/// Two numbers, shown as one text.
struct Pair {
    part: u32,
    whole: u32,
}

struct SampleDriver;

#[pin_data(PinnedDrop)]
struct SampleData<'bound> {
    pdev: &'bound platform::Device,
    // Who drops these removes the files.
    #[pin]
    counter: File<Counter>,
    #[pin]
    _pair: Scope<Pair>,
}

impl platform::Driver for SampleDriver {
    type IdInfo = ();
    type Data<'bound> = SampleData<'bound>;

    const ACPI_ID_TABLE: Option<acpi::IdTable<()>> = Some(&ACPI_DEBUGFS);

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        _info: Option<&'bound ()>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        dev_info!(pdev, "counter is 3\n");
        SampleData::new(pdev, Dir::new(c"rust_debugfs"))
    }
}

impl<'bound> SampleData<'bound> {
    fn new(pdev: &'bound platform::Device, dir: Dir) -> impl PinInit<Self, Error> + 'bound {
        let pair = Pair { part: 1, whole: 41 };
        try_pin_init!(Self {
            pdev,
            counter <- dir.read_write_file(c"counter", Counter(AtomicU32::new(3))),
            _pair <- dir.scope(pair, c"pair", |pair, dir| {
                dir.read_callback_file(c"text", pair, &|pair: &Pair, f: &mut Formatter<'_>| {
                    writeln!(f, "{} of {}", pair.part, pair.whole)
                });
            }),
        })
    }
}

#[pinned_drop]
impl PinnedDrop for SampleData<'_> {
    fn drop(self: Pin<&mut Self>) {
        dev_info!(self.pdev, "counter was {:?}\n", *self.counter);
    }
}

kernel::module_platform_driver! {
    type: SampleDriver,
    name: "rust_debugfs",
    authors: ["The Ferrule developers"],
    description: "Sample of debugfs files",
    license: "GPL",
}
