// SPDX-License-Identifier: GPL-2.0-only

//! Where UARTs are found: PCI, PNP, and the ISA bus, which says nothing of its own.

#![forbid(unsafe_code)]

use super::regs::COUNT;
use super::{module_parameters, Uart, DRIVER};
use kernel::device::{Core, Device};
use kernel::irq::{Flags, IrqRequest};
use kernel::prelude::*;
use kernel::{driver, pci, platform, pm, pnp};

/// The name of the driver of each bus.
const NAME: &CStr = c"rust_uart16550";

/// The highest baud rate of a UART with the PC's clock.
const BAUD_BASE: u32 = 115_200;

struct PciDriver;

kernel::pci_device_table!(
    PCI_TABLE,
    <PciDriver as pci::Driver>::IdInfo,
    [
        (pci::DeviceId::from_id(pci::Vendor::REDHAT, 0x2), 1),
        (pci::DeviceId::from_id(pci::Vendor::REDHAT, 0x3), 2),
        (pci::DeviceId::from_id(pci::Vendor::REDHAT, 0x4), 4),
    ]
);

impl pci::Driver for PciDriver {
    /// The number of ports.
    type IdInfo = u16;
    type Data<'bound> = ();
    const ID_TABLE: pci::IdTable<u16> = &PCI_TABLE;
    const PM_OPS: Option<&'static pm::Ops> = Some(pm::ops::<Self>());

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        ports: Option<&'bound u16>,
    ) -> impl PinInit<(), Error> + 'bound {
        pdev.enable_device()?;
        let start = u16::try_from(pdev.resource_start(0)?)?;
        for i in 0..*ports.unwrap_or(&1) {
            let irq = pdev.irq_line()?;
            let iobase = start + i * COUNT;
            match Uart::add(pdev.as_ref(), iobase, irq, Flags::SHARED, BAUD_BASE) {
                // Those before it are of use without it.
                Err(error) if i > 0 => {
                    dev_err!(pdev, "port {i} of the card cannot be added ({error:?})\n")
                }
                added => added.map(drop)?,
            }
        }
        Ok(())
    }
}

struct PnpDriver;

kernel::pnp_device_table!(
    PNP_TABLE,
    <PnpDriver as pnp::Driver>::IdInfo,
    [
        // Standard PC serial port, and one that is compatible with the 16550A.
        (pnp::DeviceId::new(c"PNP0500"), ()),
        (pnp::DeviceId::new(c"PNP0501"), ()),
    ]
);

impl pnp::Driver for PnpDriver {
    type IdInfo = ();
    type Data<'bound> = ();
    const ID_TABLE: pnp::IdTable<()> = &PNP_TABLE;
    const PM_OPS: Option<&'static pm::Ops> = Some(pm::ops::<Self>());

    fn probe<'bound>(
        dev: &'bound pnp::Device<Core<'_>>,
        _info: &'bound (),
    ) -> impl PinInit<(), Error> + 'bound {
        let ports = dev.ports_by_index(0).ok_or(ENODEV)?;
        let irq = dev.irq_by_index(0)?;
        let start = ports.start().try_into()?;
        Uart::add(dev.as_ref(), start, irq, Flags::TRIGGER_NONE, BAUD_BASE)?;
        Ok(())
    }
}

/// The driver of one device, which stands for the ISA bus.
struct IsaDriver;

impl platform::Driver for IsaDriver {
    type IdInfo = ();
    type Data<'bound> = ();
    const PM_OPS: Option<&'static pm::Ops> = Some(pm::ops::<Self>());

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        _info: Option<&'bound ()>,
    ) -> impl PinInit<(), Error> + 'bound {
        let dev = pdev.as_ref();
        let io = module_parameters::io.value_ref();
        let irq = module_parameters::irq.value_ref();
        let baud_base = module_parameters::baud_base.value_ref();
        for (i, (&start, &irq)) in io.iter().zip(irq.iter()).enumerate() {
            let baud_base = baud_base.get(i).copied().unwrap_or(BAUD_BASE);
            let added = IrqRequest::isa(dev, irq)
                .and_then(|irq| Uart::add(dev, start, irq, Flags::TRIGGER_NONE, baud_base));
            added.inspect_err(|error| {
                let why = match error.to_errno() {
                    errno if errno == ENODEV.to_errno() => "no UART is there",
                    errno if errno == EBUSY.to_errno() => "another driver has the port",
                    errno if errno == EINVAL.to_errno() => "no such I/O port or interrupt",
                    _ => "it cannot be added",
                };
                pr_err!("io={start:#x} irq={irq} baud_base={baud_base}: {why} ({error:?})\n");
            })?;
        }
        Ok(())
    }
}

/// The bus makes no difference.
macro_rules! suspends_ports {
    ($($driver:ty),*) => {$(
        impl pm::Operations for $driver {
            fn suspend(dev: &Device<Core<'_>>) -> Result {
                DRIVER.suspend_ports(dev)
            }

            fn resume(dev: &Device<Core<'_>>) -> Result {
                DRIVER.resume_ports(dev)
            }
        }
    )*};
}

suspends_ports!(PciDriver, PnpDriver, IsaDriver);

/// Whether the parameters name UARTs, which they must do in full.
fn has_isa() -> Result<bool> {
    let io = module_parameters::io.value_ref().len();
    let irq = module_parameters::irq.value_ref().len();
    let baud_base = module_parameters::baud_base.value_ref();
    if io != irq || baud_base.len() > io {
        pr_err!(
            "io= names {io} ports, irq= {irq} and baud_base= {}: each port needs an interrupt\n",
            baud_base.len()
        );
        return Err(EINVAL);
    }
    if let Some(baud_base) = baud_base
        .iter()
        .find(|&&rate| rate == 0 || rate > u32::MAX / 16)
    {
        pr_err!("baud_base={baud_base}: not 1 to {}\n", u32::MAX / 16);
        return Err(EINVAL);
    }
    Ok(io > 0)
}

type Isa = platform::Bundle<IsaDriver>;

/// What finds UARTs.
#[pin_data]
pub(super) struct Buses {
    #[pin]
    pci: driver::Registration<pci::Adapter<PciDriver>>,
    #[pin]
    pnp: driver::Registration<pnp::Adapter<PnpDriver>>,
    isa: Option<Pin<KBox<Isa>>>,
}

impl Buses {
    pub(super) fn new(module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            isa: if has_isa()? {
                Some(KBox::pin_init(Isa::new(NAME, module), GFP_KERNEL)?)
            } else {
                None
            },
            pci <- driver::Registration::new(NAME, module),
            pnp <- driver::Registration::new(NAME, module),
        })
    }
}
