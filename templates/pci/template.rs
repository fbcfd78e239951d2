// SPDX-License-Identifier: GPL-2.0-only

//! The module template: a driver of PCI devices.
//!
//! It takes QEMU's `pci-testdev` until it is told another one:
//! `ferrule vm --qemu-arg=-device --qemu-arg=pci-testdev,addr=8`.
//!
//! ```sh
//! insmod template.ko
//! rmmod template
//! ```
//!
//! ```text
//! template 0000:00:08.0: REDHAT 0x5, its first register is 0
//! template 0000:00:08.0: goodbye
//! ```

#![forbid(unsafe_code)]

use kernel::device::Core;
use kernel::io::Io;
use kernel::pci;
use kernel::prelude::*;

/// The registers that the driver uses, in the first BAR.
mod regs {
    pub(super) const TEST: usize = 0x0;
    pub(super) const END: usize = 0x10;
}

/// What the driver has for each device.
struct TemplateDriver<'bound> {
    pdev: &'bound pci::Device,
    bar: pci::Bar<'bound, { regs::END }>,
}

struct TemplatePci;

kernel::pci_device_table!(
    PCI_TABLE,
    <TemplatePci as pci::Driver>::IdInfo,
    // Vendor, device, and what the driver wants to know of this kind.
    [(pci::DeviceId::from_id(pci::Vendor::REDHAT, 0x5), ())]
);

impl pci::Driver for TemplatePci {
    type IdInfo = ();
    type Data<'bound> = TemplateDriver<'bound>;

    const ID_TABLE: pci::IdTable<Self::IdInfo> = &PCI_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        pdev.enable_device()?;
        let bar = pdev.iomap_region_sized(0, c"template")?;
        bar.write8(0, regs::TEST);
        dev_info!(
            pdev,
            "{} {:#x}, its first register is {}\n",
            pdev.vendor_id(),
            pdev.device_id(),
            bar.read8(regs::TEST)
        );
        Ok(TemplateDriver { pdev, bar })
    }
}

impl Drop for TemplateDriver<'_> {
    fn drop(&mut self) {
        self.bar.write8(0, regs::TEST);
        dev_info!(self.pdev, "goodbye\n");
    }
}

kernel::module_pci_driver! {
    type: TemplatePci,
    name: "template",
    authors: ["Your Name"],
    description: "Drives a PCI device",
    license: "GPL",
}
