// SPDX-License-Identifier: GPL-2.0-only

//! Platform driver sample: takes on a device that ACPI describes.
//!
//! A table of ACPI, given to QEMU by `-acpitable`, has a device with the ID `LNUXBEEF`.
//!
//! ```sh
//! insmod rust_driver_platform.ko
//! echo LNUXBEEF:00 > /sys/bus/platform/drivers/rust_driver_platform/unbind
//! echo LNUXBEEF:00 > /sys/bus/platform/drivers/rust_driver_platform/bind
//! rmmod rust_driver_platform
//! ```
//!
//! ```text
//! rust_driver_platform LNUXBEEF:00: found by ACPI, info: 42
//! rust_driver_platform LNUXBEEF:00: goodbye
//! rust_driver_platform LNUXBEEF:00: found by ACPI, info: 42
//! rust_driver_platform LNUXBEEF:00: goodbye
//! ```

#![forbid(unsafe_code)]

use kernel::device::Core;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::{acpi, of, platform};

struct SampleDriver {
    pdev: ARef<platform::Device>,
}

struct Info(u32);

kernel::of_device_table!(
    OF_TABLE,
    <SampleDriver as platform::Driver>::IdInfo,
    [(of::DeviceId::new(c"test,rust-device"), Info(41))]
);

kernel::acpi_device_table!(
    ACPI_TABLE,
    <SampleDriver as platform::Driver>::IdInfo,
    [(acpi::DeviceId::new(c"LNUXBEEF"), Info(42))]
);

impl platform::Driver for SampleDriver {
    type IdInfo = Info;
    type Data<'bound> = Self;

    const OF_ID_TABLE: Option<of::IdTable<Self::IdInfo>> = Some(&OF_TABLE);
    const ACPI_ID_TABLE: Option<acpi::IdTable<Self::IdInfo>> = Some(&ACPI_TABLE);

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self, Error> + 'bound {
        let info = info.ok_or(ENODEV)?;
        dev_info!(pdev, "found by ACPI, info: {}\n", info.0);
        Ok(Self { pdev: pdev.into() })
    }
}

impl Drop for SampleDriver {
    fn drop(&mut self) {
        dev_info!(self.pdev, "goodbye\n");
    }
}

kernel::module_platform_driver! {
    type: SampleDriver,
    name: "rust_driver_platform",
    authors: ["The Ferrule developers"],
    description: "Sample of a platform driver",
    license: "GPL",
}
