// SPDX-License-Identifier: GPL-2.0-only

//! Tests devices and what belongs to their drivers. The guest has QEMU's devices `edu`, `isa-parallel` and
//! `pci-testdev`.

use core::sync::atomic::AtomicI32;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering;
use kernel::device::Core;
use kernel::devres;
use kernel::devres::Devres;
use kernel::driver;
use kernel::error::to_result;
use kernel::faux;
use kernel::io::port::PortRegion;
use kernel::io::resource::Flags;
use kernel::io::resource::Region;
use kernel::io::Io;
use kernel::io::IoBase;
use kernel::io::Resource;
use kernel::irq;
use kernel::irq::IrqReturn;
use kernel::pci;
use kernel::platform;
use kernel::pnp;
use kernel::prelude::*;
use kernel::sync::aref::ARef;
use kernel::sync::Arc;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_device",
    description: "Tests devices and drivers",
    cases: [
        faux_device, faux_devices_do_not_disturb, devres_ends_with_the_driver, devres_order,
        devres_dropped_before, devres_of_another_device, pci_driver, pci_driver_fails, platform_driver,
        bundle, pnp_driver, driver_name_is_taken, interrupts, threaded_interrupts,
    ],
}

/// Counts its drops.
struct Counted<'a>(&'a AtomicU32);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn count(counter: &AtomicU32) -> u32 {
    counter.load(Ordering::Relaxed)
}

fn faux_device() -> Outcome {
    check_eq!(faux::Registration::new(c"", None).err(), Some(ENODEV));
    let faux = faux::Registration::new(c"faux_test", None)?;
    let dev: &kernel::device::Device = faux.as_ref().as_ref();
    check_eq!(dev.name(), c"faux_test");
    // A device that is kept outlives its registration.
    let kept: ARef<kernel::device::Device> = dev.into();
    drop(faux);
    check_eq!(kept.name(), c"faux_test");
    dev_info!(kept, "# is still there\n");
    Ok(())
}

fn faux_devices_do_not_disturb() -> Outcome {
    let first = faux::Registration::new(c"faux_first", None)?;
    let second = faux::Registration::new(c"faux_second", Some(first.as_ref().as_ref()))?;
    check_eq!(second.as_ref().as_ref().name(), c"faux_second");
    drop(second);
    let again = faux::Registration::new(c"faux_second", None)?;
    drop(first);
    check_eq!(again.as_ref().as_ref().name(), c"faux_second");
    Ok(())
}

fn devres_ends_with_the_driver() -> Outcome {
    static DROPS: AtomicU32 = AtomicU32::new(0);
    let faux = faux::Registration::new(c"faux_test", None)?;
    let dev = faux.as_ref().as_ref();
    let value = Devres::new(dev, Counted(&DROPS))?;
    check_eq!(count(value.access(dev)?.0), 0);
    check!(value.try_access().is_some());
    check_eq!(value.try_access_with(|value| count(value.0)), Some(0));
    drop(faux);
    check_eq!(count(&DROPS), 1);
    check!(value.try_access().is_none());
    drop(value);
    check_eq!(count(&DROPS), 1);
    Ok(())
}

fn devres_order() -> Outcome {
    static ORDER: AtomicU32 = AtomicU32::new(0);

    struct Digit(u32);

    impl Drop for Digit {
        fn drop(&mut self) {
            let _ = ORDER.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |order| {
                Some(order * 10 + self.0)
            });
        }
    }

    let faux = faux::Registration::new(c"faux_test", None)?;
    for digit in 1..=3 {
        devres::register(faux.as_ref().as_ref(), Digit(digit), GFP_KERNEL)?;
    }
    check_eq!(count(&ORDER), 0);
    drop(faux);
    check_eq!(count(&ORDER), 321);
    Ok(())
}

fn devres_dropped_before() -> Outcome {
    static DROPS: AtomicU32 = AtomicU32::new(0);
    let faux = faux::Registration::new(c"faux_test", None)?;
    let dev = faux.as_ref().as_ref();
    for drops in 1..=100 {
        drop(Devres::new(dev, Counted(&DROPS))?);
        check_eq!(count(&DROPS), drops);
    }
    drop(faux);
    check_eq!(count(&DROPS), 100);
    Ok(())
}

fn devres_of_another_device() -> Outcome {
    let first = faux::Registration::new(c"faux_first", None)?;
    let second = faux::Registration::new(c"faux_second", None)?;
    let value = Devres::new(first.as_ref().as_ref(), 1)?;
    check_eq!(value.access(second.as_ref().as_ref()).err(), Some(EINVAL));
    drop(first);
    // A device of that name again, maybe at the same address: the value has gone.
    let again = faux::Registration::new(c"faux_first", None)?;
    check!(value.access(again.as_ref().as_ref()).is_err());
    Ok(())
}

/// Registers a driver of the module's, and lets it go.
fn with_driver<T: driver::RegistrationOps + 'static>(
    name: &'static CStr,
    f: impl FnOnce() -> Outcome,
) -> Outcome {
    let registration = driver::Registration::<T>::new(name, &THIS_MODULE);
    let registration = KBox::pin_init(registration, GFP_KERNEL)?;
    let outcome = f();
    drop(registration);
    outcome
}

static PROBES: AtomicU32 = AtomicU32::new(0);
static DROPS: AtomicU32 = AtomicU32::new(0);

/// What QEMU's test device has: BAR 0 is memory, BAR 1 ports.
struct TestDevice;

kernel::pci_device_table!(
    PCI_TEST_DEVICE,
    u32,
    [(pci::DeviceId::from_id(pci::Vendor::REDHAT, 0x0005), 0x1234)]
);

struct TestData<'bound> {
    bar: pci::Bar<'bound, 16>,
    ports: pci::PortBar<'bound, 16>,
    _counted: Counted<'static>,
}

/// Runs the device's first test: a write that it counts.
fn try_device<'a, B: Io<'a, Target = kernel::io::Region<16>>>(io: B) -> Result<u32>
where
    B::Backend: kernel::io::IoCapable<u8> + kernel::io::IoCapable<u32>,
{
    io.write8(0, 0);
    let offset = io.read32(4) as usize;
    let data = io.read8(8);
    for _ in 0..3 {
        io.try_write8(data, offset)?;
    }
    Ok(io.read32(12))
}

impl TestData<'_> {
    fn check(
        pdev: &pci::Device<kernel::device::Bound>,
        info: Option<&u32>,
        this: &Self,
    ) -> Outcome {
        check_eq!(info, Some(&0x1234));
        check_eq!(pdev.vendor_id(), pci::Vendor::REDHAT);
        check_eq!(pdev.device_id(), 5);
        check_eq!(pdev.subsystem_vendor_id(), 0x1af4);
        check_eq!(pdev.resource_len(0)?, 4096);
        check_eq!(pdev.resource_len(5)?, 0);
        check_eq!(pdev.resource_len(1000).err(), Some(EINVAL));
        check_eq!(try_device(&this.bar)?, 3);
        check_eq!(try_device(&this.ports)?, 3);
        check_eq!((&this.bar).try_read8(4096).err(), Some(EINVAL));
        check_eq!((&this.bar).try_read32(4093).err(), Some(EINVAL));
        check_eq!((&this.bar).try_read32(2).err(), Some(EINVAL));
        check_eq!((&this.bar).try_read8(usize::MAX).err(), Some(EINVAL));
        check_eq!(
            (&this.ports).try_write8(0, (&this.ports).size()).err(),
            Some(EINVAL)
        );
        // What is taken, is not there, or is of another kind.
        check_eq!(pdev.iomap_region(0, c"again").err(), Some(EBUSY));
        check_eq!(pdev.iomap_region(1, c"ports").err(), Some(EINVAL));
        check_eq!(pdev.request_ports(0, c"memory").err(), Some(EINVAL));
        check_eq!(pdev.iomap_region(4, c"none").err(), Some(ENOMEM));
        check_eq!(pdev.iomap_region(1000, c"none").err(), Some(EINVAL));
        check_eq!(
            pdev.alloc_irq_vectors(2, 1, pci::IrqTypes::all()).err(),
            Some(ERANGE)
        );
        let config = pdev.config_space();
        check_eq!(config.read16(0), 0x1b36);
        check_eq!(config.read8(8), pdev.revision_id());
        check_eq!(config.try_read32(0x1000).err(), Some(EINVAL));
        check_eq!(pdev.pci_class(), pci::Class::OTHERS);
        let dev: &kernel::device::Device<kernel::device::Bound> = pdev.as_ref();
        check!(<&pci::Device<kernel::device::Bound>>::try_from(dev).is_ok());
        check!(<&platform::Device<kernel::device::Bound>>::try_from(dev).is_err());
        Ok(())
    }
}

impl pci::Driver for TestDevice {
    type IdInfo = u32;
    type Data<'bound> = TestData<'bound>;
    const ID_TABLE: pci::IdTable<u32> = &PCI_TEST_DEVICE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        info: Option<&'bound u32>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        pdev.enable_device()?;
        let data = TestData {
            bar: pdev.iomap_region_sized(0, c"test_device")?,
            ports: pdev.request_ports_sized(1, c"test_device")?,
            _counted: Counted(&DROPS),
        };
        if let Err(failure) = TestData::check(pdev, info, &data) {
            dev_info!(pdev, "# {}\n", format_args!("{failure}"));
            return Err(ENODEV);
        }
        PROBES.fetch_add(1, Ordering::Relaxed);
        Ok(data)
    }

    fn unbind<'bound>(_pdev: &'bound pci::Device<Core<'_>>, this: Pin<&Self::Data<'bound>>) {
        this.bar.write8(0, 0);
    }
}

fn pci_driver() -> Outcome {
    for round in 1..=20 {
        with_driver::<pci::Adapter<TestDevice>>(c"test_device", || {
            check_eq!(count(&PROBES), round);
            check_eq!(count(&DROPS), round - 1);
            Ok(())
        })?;
        check_eq!(count(&DROPS), round);
    }
    Ok(())
}

/// Takes what it can get, and fails.
struct Failing;

impl pci::Driver for Failing {
    type IdInfo = u32;
    type Data<'bound> = TestData<'bound>;
    const ID_TABLE: pci::IdTable<u32> = &PCI_TEST_DEVICE;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound u32>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        pdev.enable_device()?;
        let bar: pci::Bar<'_, 16> = pdev.iomap_region_sized(0, c"test_device")?;
        let _also = bar.into_devres()?;
        let ports: pci::PortBar<'_, 16> = pdev.request_ports_sized(1, c"test_device")?;
        // It goes with the driver that does not stay.
        core::mem::forget(ports.into_devres()?);
        PROBES.fetch_add(1, Ordering::Relaxed);
        Err(ENODEV)
    }
}

fn pci_driver_fails() -> Outcome {
    let (probes, drops) = (count(&PROBES), count(&DROPS));
    with_driver::<pci::Adapter<Failing>>(c"test_failing", || {
        check_eq!(count(&PROBES), probes + 1);
        Ok(())
    })?;
    // All was given back.
    with_driver::<pci::Adapter<TestDevice>>(c"test_device", || {
        check_eq!(count(&PROBES), probes + 2);
        Ok(())
    })?;
    check_eq!(count(&DROPS), drops + 1);
    Ok(())
}

/// A driver of a platform device that has its name.
struct ByName;

impl platform::Driver for ByName {
    type IdInfo = ();
    type Data<'bound> = Counted<'static>;

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        info: Option<&'bound ()>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        if info.is_some() || pdev.resource_by_index(0).is_some() {
            return Err(EINVAL);
        }
        if pdev.optional_irq_by_index(0).err() != Some(ENXIO) {
            return Err(EINVAL);
        }
        PROBES.fetch_add(1, Ordering::Relaxed);
        Ok(Counted(&DROPS))
    }
}

fn platform_driver() -> Outcome {
    let (probes, drops) = (count(&PROBES), count(&DROPS));
    // Every PC has the device of the speaker, and nothing else has its driver here.
    with_driver::<platform::Adapter<ByName>>(c"pcspkr", || {
        check_eq!(count(&PROBES), probes + 1);
        check_eq!(count(&DROPS), drops);
        Ok(())
    })?;
    check_eq!(count(&DROPS), drops + 1);
    Ok(())
}

/// What the driver of a bundle answers.
static ANSWER: AtomicI32 = AtomicI32::new(0);

/// The driver of a bundle.
struct Bundled;

impl platform::Driver for Bundled {
    type IdInfo = ();
    type Data<'bound> = Counted<'static>;

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        _info: Option<&'bound ()>,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        PROBES.fetch_add(1, Ordering::Relaxed);
        if pdev.as_ref().name() != c"test_bundle" {
            return Err(EINVAL);
        }
        to_result(ANSWER.load(Ordering::Relaxed)).map(|()| Counted(&DROPS))
    }
}

fn bundle() -> Outcome {
    let (probes, drops) = (count(&PROBES), count(&DROPS));
    let create = || {
        let bundle = platform::Bundle::<Bundled>::new(c"test_bundle", &THIS_MODULE);
        KBox::pin_init(bundle, GFP_KERNEL)
    };
    for (answer, error) in [(ENODEV, ENODEV), (EIO, EIO), (EPROBE_DEFER, ENXIO)] {
        ANSWER.store(answer.to_errno(), Ordering::Relaxed);
        check_eq!(create().err(), Some(error));
    }
    check_eq!(count(&PROBES), probes + 3);
    ANSWER.store(0, Ordering::Relaxed);
    let unnamed = platform::Bundle::<Bundled>::new(c"", &THIS_MODULE);
    check_eq!(KBox::pin_init(unnamed, GFP_KERNEL).err(), Some(EINVAL));
    // Nothing has been left of these.
    let bundle = create()?;
    check_eq!(count(&PROBES), probes + 4);
    check_eq!(create().err(), Some(EBUSY));
    check_eq!(count(&PROBES), probes + 4);
    check_eq!(count(&DROPS), drops);
    drop(bundle);
    check_eq!(count(&DROPS), drops + 1);
    Ok(())
}

/// A driver of the parallel port.
struct Parallel;

kernel::pnp_device_table!(PNP_PARALLEL, u8, [(pnp::DeviceId::new(c"PNP0400"), 0x5a)]);

impl Parallel {
    /// What is requested is so once, and is given back to where it came from.
    fn request(resource: &Resource) -> Outcome {
        fn request(from: &Resource, start: u64, size: u64) -> Result<Option<Region<'_>>> {
            let name = c"test_region".to_cstring()?;
            Ok(from.request_region(start, size, name, !Flags::IORESOURCE_MUXED))
        }
        let start = resource.start();
        let region = request(resource, start, 4)?.ok_or(EBUSY)?;
        check!(region.flags().contains(Flags::IORESOURCE_IO));
        check!(!region.flags().contains(Flags::IORESOURCE_MEM));
        check!(request(resource, start, 4)?.is_none());
        check!(request(&region, start, 4)?.is_none());
        check!(request(&region, start, 2)?.is_none());
        check!(request(resource, start - 1, 2)?.is_none());
        check!(request(resource, start, 0)?.is_none());
        check!(request(resource, start + 7, 2)?.is_none());
        check!(request(resource, start, u64::MAX)?.is_none());
        check!(request(resource, start + 4, 4)?.is_some());
        Ok(())
    }

    fn check(dev: &pnp::Device<kernel::device::Bound>, info: u8, ports: &PortRegion<8>) -> Outcome {
        check_eq!(ports.as_view().port(), 0x378);
        check_eq!(dev.irq_by_index(0)?.irq(), 7);
        check_eq!(dev.irq_by_index(1).err(), Some(ENXIO));
        check!(dev.ports_by_index(1).is_none());
        check!(dev.resource_by_index(0).is_none());
        // The data lines read as they were set.
        ports.write8(info, 0);
        check_eq!(ports.read8(0), info);
        ports.update(0usize, |lines: u8| !lines);
        check_eq!(ports.read8(0), !info);
        check_eq!(ports.try_read8(8).err(), Some(EINVAL));
        Ok(())
    }
}

impl pnp::Driver for Parallel {
    type IdInfo = u8;
    type Data<'bound> = PortRegion<8>;
    const ID_TABLE: pnp::IdTable<u8> = &PNP_PARALLEL;

    fn probe<'bound>(
        dev: &'bound pnp::Device<Core<'_>>,
        info: &'bound u8,
    ) -> impl PinInit<Self::Data<'bound>, Error> + 'bound {
        let resource = dev.ports_by_index(0).ok_or(ENODEV)?;
        Self::request(resource).map_err(|failure| {
            dev_info!(dev, "# {}\n", format_args!("{failure}"));
            ENODEV
        })?;
        let ports = PortRegion::from_resource(resource, c"test_parallel")?;
        Self::check(dev, *info, &ports).map_err(|failure| {
            dev_info!(dev, "# {}\n", format_args!("{failure}"));
            ENODEV
        })?;
        PROBES.fetch_add(1, Ordering::Relaxed);
        Ok(ports)
    }

    fn unbind<'bound>(_dev: &'bound pnp::Device<Core<'_>>, this: Pin<&Self::Data<'bound>>) {
        this.write8(0, 0);
        DROPS.fetch_add(1, Ordering::Relaxed);
    }
}

fn pnp_driver() -> Outcome {
    let (probes, drops) = (count(&PROBES), count(&DROPS));
    for round in 1..=2 {
        with_driver::<pnp::Adapter<Parallel>>(c"test_parallel", || {
            check_eq!(count(&PROBES), probes + round);
            Ok(())
        })?;
        check_eq!(count(&DROPS), drops + round);
    }
    Ok(())
}

fn driver_name_is_taken() -> Outcome {
    with_driver::<platform::Adapter<ByName>>(c"test_taken", || {
        let second =
            driver::Registration::<platform::Adapter<ByName>>::new(c"test_taken", &THIS_MODULE);
        check_eq!(KBox::pin_init(second, GFP_KERNEL).err(), Some(EBUSY));
        let name = c"a/b";
        let file = driver::Registration::<platform::Adapter<ByName>>::new(name, &THIS_MODULE);
        check_eq!(KBox::pin_init(file, GFP_KERNEL).err(), Some(EINVAL));
        Ok(())
    })
}

/// QEMU's educational device: it raises an interrupt when told so.
struct Edu;

kernel::pci_device_table!(
    PCI_EDU,
    bool,
    [(
        pci::DeviceId::from_class(pci::Class::OTHERS.as_raw(), 0xffffff),
        false
    )]
);

/// Of an interrupt.
struct EduHandler {
    bar: Arc<pci::DevresBar<0x80>>,
    handled: Arc<AtomicU32>,
}

impl EduHandler {
    /// Acknowledges what the device has raised.
    fn acknowledge(&self) -> IrqReturn {
        self.bar
            .try_access_with(|bar| {
                let status = bar.read32(0x24);
                if status == 0 {
                    return IrqReturn::None;
                }
                bar.write32(status, 0x64);
                self.handled.fetch_add(status, Ordering::Relaxed);
                IrqReturn::Handled
            })
            .unwrap_or(IrqReturn::None)
    }
}

impl irq::Handler for EduHandler {
    fn handle(&self) -> IrqReturn {
        self.acknowledge()
    }
}

impl irq::ThreadedHandler for EduHandler {
    fn handle_threaded(&self) -> IrqReturn {
        self.acknowledge()
    }
}

/// Has the device raise interrupts until `handled` says that they came.
fn raise(bar: &pci::Bar<'_, 0x80>, handled: &AtomicU32) -> Outcome {
    for n in 1..=5 {
        bar.write32(1, 0x60);
        for _ in 0..1000 {
            if count(handled) == n {
                break;
            }
            // SAFETY: This is process context.
            unsafe { kernel::bindings::schedule_timeout_uninterruptible(1) };
        }
        check_eq!(count(handled), n);
    }
    Ok(())
}

static THREADED: AtomicU32 = AtomicU32::new(0);

impl Edu {
    fn check(pdev: &pci::Device<kernel::device::Bound>) -> Outcome {
        let bar = pdev.iomap_region_sized::<0x80>(0, c"test_edu")?;
        check_eq!(bar.read32(0), 0x0100_00ed);
        bar.write32(0x1234, 4);
        check_eq!(bar.read32(4), !0x1234);
        let bar = Arc::new(bar.into_devres()?, GFP_KERNEL)?;
        for kind in [pci::IrqType::Intx, pci::IrqType::Msi] {
            let vectors = pdev.alloc_irq_vectors(1, 1, pci::IrqTypes::default().with(kind))?;
            check_eq!(vectors.len(), 1);
            check_eq!(vectors.irq_type(), kind);
            check_eq!(vectors.index(1).err(), Some(EINVAL));
            // Or who drops one would take the other's.
            check_eq!(
                pdev.alloc_irq_vectors(1, 1, pci::IrqTypes::all()).err(),
                Some(EINVAL)
            );
            let request = irq::IrqRequest::from(vectors.index(0)?);
            let handled = Arc::new(AtomicU32::new(0), GFP_KERNEL)?;
            let handler = EduHandler {
                bar: bar.clone(),
                handled: handled.clone(),
            };
            let bar = bar.access(pdev.as_ref())?;
            if count(&THREADED) == 0 {
                let registration = irq::Registration::new_devres(
                    request,
                    irq::Flags::SHARED,
                    c"test_edu",
                    Ok(handler),
                )?;
                raise(bar, &handled)?;
                registration.access(pdev.as_ref())?.synchronize();
            } else {
                let registration = irq::ThreadedRegistration::new_devres(
                    request,
                    irq::Flags::SHARED | irq::Flags::ONESHOT,
                    c"test_edu",
                    Ok(handler),
                )?;
                raise(bar, &handled)?;
                registration.access(pdev.as_ref())?.synchronize();
                // The rest has to be seen to when the driver goes.
                core::mem::forget(registration);
            }
        }
        Ok(())
    }
}

impl pci::Driver for Edu {
    type IdInfo = bool;
    type Data<'bound> = ();
    const ID_TABLE: pci::IdTable<bool> = &PCI_EDU;

    fn probe<'bound>(
        pdev: &'bound pci::Device<Core<'_>>,
        _info: Option<&'bound bool>,
    ) -> impl PinInit<(), Error> + 'bound {
        // Its vendor has no name.
        if (pdev.vendor_id().as_raw(), pdev.device_id()) != (0x1234, 0x11e8) {
            return Err(ENODEV);
        }
        // C has a number before that, of no interrupt.
        let line = pci::IrqTypes::default().with(pci::IrqType::Intx);
        if pdev.irq_line().err() != Some(ENXIO)
            || pdev.alloc_irq_vectors(1, 1, line).err() != Some(ENOSPC)
        {
            dev_info!(pdev, "# it has a line already\n");
            return Err(ENODEV);
        }
        pdev.enable_device_mem()?;
        pdev.set_master();
        Self::check(pdev).map_err(|failure| {
            dev_info!(pdev, "# {}\n", format_args!("{failure}"));
            ENODEV
        })?;
        PROBES.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn interrupts() -> Outcome {
    let probes = count(&PROBES);
    for round in 1..=3 {
        with_driver::<pci::Adapter<Edu>>(c"test_edu", || {
            check_eq!(count(&PROBES), probes + round);
            Ok(())
        })?;
    }
    Ok(())
}

fn threaded_interrupts() -> Outcome {
    THREADED.store(1, Ordering::Relaxed);
    interrupts()
}
