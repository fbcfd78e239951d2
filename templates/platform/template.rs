// SPDX-License-Identifier: GPL-2.0-only

//! The module template: a driver of platform devices, which ACPI or a device tree describes.
//!
//! It takes QEMU's `QEMU0002`, which is in each of its guests, until it is told another one.
//!
//! ```sh
//! insmod template.ko
//! rmmod template
//! ```
//!
//! ```text
//! template QEMU0002:00: hello
//! template QEMU0002:00: goodbye
//! ```

#![forbid(unsafe_code)]

use kernel::device::Core;
use kernel::prelude::*;
use kernel::{acpi, of, platform};

/// What the driver has for each device.
struct TemplateDriver<'bound> {
    pdev: &'bound platform::Device,
}

struct TemplatePlatform;

kernel::acpi_device_table!(
    ACPI_TABLE,
    <TemplatePlatform as platform::Driver>::IdInfo,
    // `_HID` or `_CID`, and what the driver wants to know of this kind.
    [(acpi::DeviceId::new(c"QEMU0002"), ())]
);

kernel::of_device_table!(
    OF_TABLE,
    <TemplatePlatform as platform::Driver>::IdInfo,
    // `compatible`.
    [(of::DeviceId::new(c"vendor,template"), ())]
);

impl platform::Driver for TemplatePlatform {
    type IdInfo = ();
    type Data<'bound> = TemplateDriver<'bound>;

    const ACPI_ID_TABLE: Option<acpi::IdTable<Self::IdInfo>> = Some(&ACPI_TABLE);
    const OF_ID_TABLE: Option<of::IdTable<Self::IdInfo>> = Some(&OF_TABLE);

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        dev_info!(pdev, "hello\n");
        Ok(TemplateDriver { pdev })
    }
}

impl Drop for TemplateDriver<'_> {
    fn drop(&mut self) {
        dev_info!(self.pdev, "goodbye\n");
    }
}

kernel::module_platform_driver! {
    type: TemplatePlatform,
    name: "template",
    authors: ["Your Name"],
    description: "Drives a platform device",
    license: "GPL",
}
