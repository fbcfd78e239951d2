// SPDX-License-Identifier: GPL-2.0-only

//! PCI driver sample: takes on QEMU's `pci-testdev`, in memory and in I/O ports.
//!
//! The guest needs the device: `ferrule vm --qemu-arg=-device --qemu-arg=pci-testdev,addr=8`.
//!
//! ```sh
//! insmod rust_driver_pci.ko
//! echo 0000:00:08.0 > /sys/bus/pci/drivers/rust_driver_pci/unbind
//! echo 0000:00:08.0 > /sys/bus/pci/drivers/rust_driver_pci/bind
//! rmmod rust_driver_pci
//! ```
//!
//! ```text
//! rust_driver_pci 0000:00:08.0: REDHAT 0x5: 4 writes to memory, 2 to ports
//! rust_driver_pci 0000:00:08.0: unbind
//! rust_driver_pci 0000:00:08.0: goodbye
//! rust_driver_pci 0000:00:08.0: REDHAT 0x5: 4 writes to memory, 2 to ports
//! rust_driver_pci 0000:00:08.0: unbind
//! rust_driver_pci 0000:00:08.0: goodbye
//! ```

#![forbid(unsafe_code)]

use kernel::device::Core;
use kernel::io::{Io, IoCapable, Region};
use kernel::pci;
use kernel::prelude::*;

/// The registers of the device, in either BAR.
mod regs {
    pub(super) const TEST: usize = 0x0;
    pub(super) const OFFSET: usize = 0x4;
    pub(super) const DATA: usize = 0x8;
    pub(super) const COUNT: usize = 0xc;
    pub(super) const END: usize = 0x10;
}

struct SampleDriver;

/// How often the driver writes to a kind of device.
struct Writes {
    memory: u32,
    ports: u32,
}

kernel::pci_device_table!(
    PCI_TABLE,
    <SampleDriver as pci::Driver>::IdInfo,
    [(
        pci::DeviceId::from_id(pci::Vendor::REDHAT, 0x5),
        Writes {
            memory: 4,
            ports: 2
        }
    )]
);

struct SampleData<'bound> {
    pdev: &'bound pci::Device,
    bar: pci::Bar<'bound, { regs::END }>,
}

impl SampleDriver {
    /// Starts the device's first test, writes where it says, and returns how many writes it has seen.
    fn test<'a, B>(io: B, writes: u32) -> Result<u32>
    where
        B: Io<'a, Target = Region<{ regs::END }>>,
        B::Backend: IoCapable<u8> + IoCapable<u32>,
    {
        io.write8(0, regs::TEST);
        let offset = io.read32(regs::OFFSET) as usize;
        let data = io.read8(regs::DATA);
        for _ in 0..writes {
            // The device says where, so it has to be checked now.
            io.try_write8(data, offset)?;
        }
        Ok(io.read32(regs::COUNT))
    }
}

impl pci::Driver for SampleDriver {
    type IdInfo = Writes;
    type Data<'bound> = SampleData<'bound>;

    const ID_TABLE: pci::IdTable<Self::IdInfo> = &PCI_TABLE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        info: Option<&'bound Self::IdInfo>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        let writes = info.ok_or(ENODEV)?;
        pdev.enable_device()?;

        let bar = pdev.iomap_region_sized(0, c"rust_driver_pci")?;
        let ports = pdev.request_ports_sized(1, c"rust_driver_pci")?;
        dev_info!(
            pdev,
            "{} {:#x}: {} writes to memory, {} to ports\n",
            pdev.vendor_id(),
            pdev.device_id(),
            Self::test(&bar, writes.memory)?,
            Self::test(&ports, writes.ports)?,
        );
        Ok(SampleData { pdev, bar })
    }

    fn unbind<'bound>(pdev: &'bound pci::Device<Core<'_>>, this: Pin<&Self::Data<'bound>>) {
        this.bar.write8(0, regs::TEST);
        dev_info!(pdev, "unbind\n");
    }
}

impl Drop for SampleData<'_> {
    fn drop(&mut self) {
        dev_info!(self.pdev, "goodbye\n");
    }
}

kernel::module_pci_driver! {
    type: SampleDriver,
    name: "rust_driver_pci",
    authors: ["The Ferrule developers"],
    description: "Sample of a PCI driver",
    license: "GPL",
}
