// SPDX-License-Identifier: GPL-2.0-only

//! Tests serial ports without hardware: what is refused when one is added, and references to them.

use core::cell::Cell;
use kernel::device::Bound;
use kernel::device::Core;
use kernel::device::Device;
use kernel::driver;
use kernel::faux;
use kernel::interrupt::local_interrupt_disable;
use kernel::irq::Flags;
use kernel::irq::IrqRequest;
use kernel::module::this_module;
use kernel::pci;
use kernel::prelude::*;
use kernel::serial::Driver;
use kernel::serial::Icount;
use kernel::serial::LockedPort;
use kernel::serial::ModemLines;
use kernel::serial::Operations;
use kernel::serial::Port;
use kernel::serial::PortOptions;
use kernel::serial::Registration;
use kernel::serial::StatusBits;
use kernel::serial::Termios;
use kernel::sync::atomic::Atomic;
use kernel::sync::atomic::Relaxed;
use kernel::time::delay::fsleep;
use kernel::time::Delta;
use kernel::time::Instant;
use kernel::time::Monotonic;
use kernel::workqueue;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_serial",
    description: "Tests serial ports without hardware",
    cases: [
        ports_need_a_registered_driver,
        taken_numbers_are_refused_again,
        bad_options_are_refused,
        lines_are_taken_once,
        ports_are_found,
        removal_waits_for_references,
        references_come_and_go,
        closed_ports_take_nothing,
        data_are_dropped,
        interrupts_stay_with_their_port,
        interrupts_stay_off,
    ],
}

static ALIVE: Atomic<u32> = Atomic::new(0);

struct Stub;

impl Stub {
    fn new() -> Result<Self> {
        ALIVE.add(1, Relaxed);
        Ok(Self)
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        ALIVE.sub(1, Relaxed);
    }
}

static DRIVER: Driver<Stub> = Driver::new(c"test_serial_stub", c"ttyTS", 3);

#[vtable]
impl Operations for Stub {
    type Data = Self;
    type State = Cell<u32>;

    fn tx_empty(_stub: &Self, _port: &Port<Self>) -> bool {
        true
    }

    fn set_mctrl(_stub: &Self, _port: &LockedPort<Self>, _lines: ModemLines) {}

    fn get_mctrl(_stub: &Self, _port: &LockedPort<Self>) -> ModemLines {
        ModemLines::CTS
    }

    fn start_tx(_stub: &Self, _port: &LockedPort<Self>) {}

    fn stop_tx(_stub: &Self, _port: &LockedPort<Self>) {}

    fn stop_rx(_stub: &Self, _port: &LockedPort<Self>) {}

    fn startup(_stub: &Self, _port: &Port<Self>) -> Result {
        Ok(())
    }

    fn shutdown(_stub: &Self, _port: &Port<Self>) {}

    fn set_termios(_stub: &Self, _port: &Port<Self>, _new: &mut Termios, _old: Option<&Termios>) {}
}

/// A registered driver, and a device for its ports.
struct Bench {
    // Its ports first.
    device: faux::Registration,
    _driver: Registration<Stub>,
}

impl Bench {
    fn new() -> Result<Self> {
        let _driver = DRIVER.register(this_module::<LocalModule>())?;
        let device = faux::Registration::new(c"test_serial", None)?;
        Ok(Self { device, _driver })
    }

    fn device(&self) -> &Device<Bound> {
        self.device.as_ref().as_ref()
    }

    fn add(&self, options: PortOptions<'_>) -> Result<u32> {
        add(self.device(), options)
    }
}

fn add(dev: &Device<Bound>, options: PortOptions<'_>) -> Result<u32> {
    Port::add(&DRIVER, dev, options, Cell::new(0), Stub::new())
}

fn ports_need_a_registered_driver() -> Outcome {
    let device = faux::Registration::new(c"test_serial_alone", None)?;
    check_eq!(
        add(device.as_ref().as_ref(), PortOptions::default()),
        Err(ENODEV)
    );
    let bench = Bench::new()?;
    check!(matches!(
        DRIVER.register(this_module::<LocalModule>()),
        Err(EBUSY)
    ));
    drop(bench);
    drop(Bench::new()?);
    Ok(())
}

fn taken_numbers_are_refused_again() -> Outcome {
    // They are 8250's.
    static TAKEN: Driver<Stub> =
        Driver::new(c"test_serial_taken", c"ttyTT", 1).with_device_numbers(4, 64);
    static NONE: Driver<Stub> =
        Driver::new(c"test_serial_none", c"ttyTN", 1).with_device_numbers(u16::MAX, 0);

    for _ in 0..2 {
        check_eq!(
            TAKEN.register(this_module::<LocalModule>()).err(),
            Some(EBUSY)
        );
        check_eq!(
            NONE.register(this_module::<LocalModule>()).err(),
            Some(EINVAL)
        );
    }
    Ok(())
}

fn bad_options_are_refused() -> Outcome {
    let bench = Bench::new()?;
    let other = faux::Registration::new(c"test_serial_other", None)?;
    let bad = [
        PortOptions {
            line: Some(3),
            ..PortOptions::default()
        },
        PortOptions {
            uartclk: 0,
            ..PortOptions::default()
        },
        PortOptions {
            fifosize: 0,
            ..PortOptions::default()
        },
        PortOptions {
            irq_flags: Flags::NO_THREAD,
            ..PortOptions::default()
        },
        PortOptions {
            irq_flags: Flags::SHARED | Flags::ONESHOT,
            ..PortOptions::default()
        },
        PortOptions {
            irq_flags: Flags::PERCPU,
            ..PortOptions::default()
        },
        // It may go before the port does.
        PortOptions {
            irq: Some(IrqRequest::isa(other.as_ref().as_ref(), 5)?),
            ..PortOptions::default()
        },
    ];
    for options in bad {
        check_eq!(bench.add(options), Err(EINVAL));
    }
    let own = PortOptions {
        irq: Some(IrqRequest::isa(bench.device(), 5)?),
        ..PortOptions::default()
    };
    check_eq!(bench.add(own), Ok(0));
    Ok(())
}

fn lines_are_taken_once() -> Outcome {
    let bench = Bench::new()?;
    let at = |line| PortOptions {
        line,
        ..PortOptions::default()
    };
    check_eq!(bench.add(at(Some(1))), Ok(1));
    check_eq!(bench.add(at(Some(1))), Err(EBUSY));
    check_eq!(bench.add(at(None)), Ok(0));
    check_eq!(bench.add(at(None)), Ok(2));
    check_eq!(bench.add(at(None)), Err(ENOSPC));
    drop(bench);
    check_eq!(Bench::new()?.add(at(Some(1))), Ok(1));
    Ok(())
}

fn ports_are_found() -> Outcome {
    check!(DRIVER.port(0).is_none());
    let bench = Bench::new()?;
    check!(DRIVER.port(0).is_none());
    bench.add(PortOptions {
        line: Some(1),
        ..PortOptions::default()
    })?;
    check!(DRIVER.port(0).is_none());
    check!(DRIVER.port(3).is_none());
    check!(DRIVER.port(u32::MAX).is_none());
    let port = DRIVER.port(1).ok_or(ENODEV)?;
    check_eq!(port.line(), 1);
    port.lock().state().set(7);
    check_eq!(
        DRIVER.port(1).map(|port| port.lock().state().get()),
        Some(7)
    );
    drop(port);
    drop(bench);
    check!(DRIVER.port(1).is_none());
    Ok(())
}

fn removal_waits_for_references() -> Outcome {
    let held = Delta::from_millis(100);
    let bench = Bench::new()?;
    bench.add(PortOptions::default())?;
    let port = DRIVER.port(0).ok_or(ENODEV)?;
    let start = Instant::<Monotonic>::now();
    workqueue::system().try_spawn(GFP_KERNEL, move || {
        fsleep(held);
        port.lock().count(Icount::Rx, 1);
    })?;
    drop(bench);
    check!(start.elapsed() >= held);
    check_eq!(ALIVE.load(Relaxed), 0);
    Ok(())
}

fn references_come_and_go() -> Outcome {
    static STOP: Atomic<bool> = Atomic::new(false);
    static SEEN: Atomic<u32> = Atomic::new(0);
    static DONE: Atomic<u32> = Atomic::new(0);

    // While ports come and go, others look them up all the time.
    for _ in 0..2 {
        workqueue::system_unbound().try_spawn(GFP_KERNEL, || {
            while !STOP.load(Relaxed) {
                if let Some(port) = DRIVER.port(0) {
                    let port = port.lock();
                    port.state().set(port.state().get() + 1);
                    SEEN.add(1, Relaxed);
                }
                fsleep(Delta::from_micros(20));
            }
            DONE.add(1, Relaxed);
        })?;
    }
    let mut result = Ok(());
    let mut rounds = 0;
    // They may start late.
    while result.is_ok() && (rounds < 100 || rounds < 2000 && SEEN.load(Relaxed) == 0) {
        result = Bench::new().and_then(|bench| bench.add(PortOptions::default()).map(drop));
        rounds += 1;
    }
    STOP.store(true, Relaxed);
    while DONE.load(Relaxed) != 2 {
        fsleep(Delta::from_millis(1));
    }
    result?;
    check!(SEEN.load(Relaxed) > 0);
    Ok(())
}

fn closed_ports_take_nothing() -> Outcome {
    let bench = Bench::new()?;
    bench.add(PortOptions::default())?;
    let port = DRIVER.port(0).ok_or(ENODEV)?;
    let port = port.lock();
    let room = port.buffer_space_avail();
    check!(room >= 4096);
    // Nobody has opened it, so nobody gets it.
    check!(!port.is_open());
    port.insert_chars(&[0; 1024]);
    port.receive_char(0, 1, &StatusBits::UART_LSR);
    check_eq!(port.buffer_space_avail(), room);
    Ok(())
}

fn data_are_dropped() -> Outcome {
    check_eq!(ALIVE.load(Relaxed), 0);
    Ok(())
}

/// QEMU's educational device, which has messages for interrupts, but where there is no room for them.
struct Edu;

/// What `Edu` has seen of its device's interrupts: whether they stayed.
static STAYED: Atomic<u32> = Atomic::new(0);

kernel::pci_device_table!(
    PCI_EDU,
    (),
    [(
        pci::DeviceId::from_class(pci::Class::OTHERS.as_raw(), 0xffffff),
        ()
    )]
);

impl pci::Driver for Edu {
    type IdInfo = ();
    type Data<'bound> = ();
    const ID_TABLE: pci::IdTable<()> = &PCI_EDU;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound ()>,
    ) -> impl PinInit<(), Error> + 'bound {
        pdev.enable_device_mem()?;
        let alloc = || pdev.alloc_irq_vectors(1, 1, pci::IrqTypes::all());
        drop(alloc()?);
        let vectors = alloc()?;
        // A port that could not be added keeps nothing.
        let options = PortOptions {
            irq: Some(vectors.index(0)?.into()),
            ..PortOptions::default()
        };
        let failed = Port::add(
            &DRIVER,
            pdev.as_ref(),
            options,
            Cell::new(0),
            Err::<Stub, _>(EIO),
        );
        if failed != Err(EIO) {
            return Err(EINVAL);
        }
        drop(vectors);
        let vectors = alloc()?;
        let has_messages = vectors.irq_type() != pci::IrqType::Intx;
        let options = PortOptions {
            irq: Some(vectors.index(0)?.into()),
            ..PortOptions::default()
        };
        add(pdev.as_ref(), options)?;
        drop(vectors);
        let stayed = alloc().err() == Some(EINVAL);
        STAYED.store(1 + u32::from(stayed || !has_messages), Relaxed);
        Ok(())
    }
}

fn interrupts_stay_with_their_port() -> Outcome {
    let _bench = Bench::new()?;
    // And go with it.
    for _ in 0..2 {
        STAYED.store(0, Relaxed);
        let module = this_module::<LocalModule>();
        let edu = driver::Registration::<pci::Adapter<Edu>>::new(c"test_serial", module);
        let edu = KBox::pin_init(edu, GFP_KERNEL)?;
        check_eq!(STAYED.load(Relaxed), 2);
        drop(edu);
    }
    Ok(())
}

/// Whether this CPU takes interrupts.
fn takes_interrupts() -> bool {
    let flags: u64;
    // SAFETY: It reads the flags.
    unsafe { core::arch::asm!("pushfq", "pop {}", out(reg) flags) };
    flags & 0x200 != 0
}

fn interrupts_stay_off() -> Outcome {
    let bench = Bench::new()?;
    bench.add(PortOptions::default())?;
    let port = DRIVER.port(0).ok_or(ENODEV)?;
    check!(takes_interrupts());
    // In whatever order they are dropped.
    let guard = port.lock();
    let disabled = local_interrupt_disable();
    drop(guard);
    let after_guard = takes_interrupts();
    drop(disabled);
    check!(!after_guard && takes_interrupts());

    let disabled = local_interrupt_disable();
    let guard = port.lock();
    drop(disabled);
    let after_token = takes_interrupts();
    guard.unlock_and_check_sysrq();
    check!(!after_token && takes_interrupts());
    Ok(())
}
