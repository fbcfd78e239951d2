// SPDX-License-Identifier: GPL-2.0-only

//! PCI driver sample: takes on QEMU's `pci-testdev`.

use kernel::device::Core;
use kernel::pci;
use kernel::prelude::*;

struct SampleDriver;

struct SampleData<'bound> {
    pdev: &'bound pci::Device,
}

kernel::pci_device_table!(
    PCI_TABLE,
    <SampleDriver as pci::Driver>::IdInfo,
    [(pci::DeviceId::from_id(pci::Vendor::REDHAT, 0x5), 3)]
);

impl pci::Driver for SampleDriver {
    type IdInfo = u8;
    type Data<'bound> = SampleData<'bound>;

    const ID_TABLE: pci::IdTable<Self::IdInfo> = &PCI_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        let (vendor, device) = (pdev.vendor_id(), pdev.device_id());
        dev_info!(pdev, "probe: {vendor}, {device:#x}, test {info:?}\n");
        pdev.enable_device_mem()?;
        pdev.set_master();
        Ok(SampleData { pdev })
    }

    fn unbind<'bound>(pdev: &'bound pci::Device<Core<'_>>, _this: Pin<&Self::Data<'bound>>) {
        dev_info!(pdev, "unbind\n");
    }
}

impl Drop for SampleData<'_> {
    fn drop(&mut self) {
        dev_info!(self.pdev, "data is dropped\n");
    }
}

kernel::module_pci_driver! {
    type: SampleDriver,
    name: "rust_driver_pci",
    authors: ["The Ferrule developers"],
    description: "Sample of a PCI driver",
    license: "GPL",
}
