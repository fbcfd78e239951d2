// SPDX-License-Identifier: GPL-2.0-only

//! Tests what a driver has of its device, and when that ends: regions, nodes of firmware, what devres has. The guest has
//! QEMU's device `isa-parallel`.

use core::sync::atomic::AtomicPtr;
use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering;
use kernel::bindings;
use kernel::device::property::FwNode;
use kernel::device::Bound;
use kernel::device::Core;
use kernel::device::Device;
use kernel::devres;
use kernel::devres::Devres;
use kernel::driver;
use kernel::error::from_err_ptr;
use kernel::faux;
use kernel::io::resource::Flags;
use kernel::platform;
use kernel::pnp;
use kernel::prelude::*;
use kernel::sync::aref::ARef;

#[macro_use]
mod ktap;
use ktap::Outcome;

ktap_module! {
    name: "test_devres",
    description: "Tests what drivers have of their devices",
    cases: [
        regions_in_busy_areas, a_node_outlives_its_device, devres_goes_before_the_bus,
        devres_dropped_by_its_value, devres_value_has_the_device, faux_names_fit,
    ],
}

static PROBES: AtomicU32 = AtomicU32::new(0);
static DROPS: AtomicU32 = AtomicU32::new(0);

fn count(counter: &AtomicU32) -> u32 {
    counter.load(Ordering::Relaxed)
}

/// A platform device, as C's drivers make them.
struct Made(*mut bindings::platform_device);

impl Made {
    fn new(info: &bindings::platform_device_info) -> Result<Self> {
        // SAFETY: C copies all of it.
        from_err_ptr(unsafe { bindings::platform_device_register_full(info) }).map(Self)
    }

    /// What makes one of that name, and nothing else.
    fn info(name: &CStr) -> bindings::platform_device_info {
        // SAFETY: Zero is valid in each field.
        let mut info: bindings::platform_device_info = unsafe { core::mem::zeroed() };
        info.name = name.as_char_ptr();
        info.id = bindings::PLATFORM_DEVID_NONE;
        info
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        // SAFETY: It is registered.
        unsafe { bindings::platform_device_unregister(self.0) };
    }
}

/// Registers a driver of the module's.
fn register<T: driver::RegistrationOps + 'static>(
    name: &'static CStr,
) -> Result<Pin<KBox<driver::Registration<T>>>> {
    let registration = driver::Registration::<T>::new(name, &THIS_MODULE);
    KBox::pin_init(registration, GFP_KERNEL)
}

/// The driver of a device whose memory lies within what the kernel keeps as busy: the BIOS.
struct Bios;

impl Bios {
    const START: u64 = 0xf_0000;

    fn check(pdev: &platform::Device<Bound>) -> Outcome {
        let resource = pdev.resource_by_index(0).ok_or(ENODEV)?;
        check_eq!(resource.start(), Self::START);
        // C's release would not find it, and leave it with a name that is gone.
        for _ in 0..2 {
            let name = c"test_region".to_cstring()?;
            let (start, size) = (resource.start(), resource.size());
            let region = resource.request_region(start, size, name, Flags::IORESOURCE_MEM);
            check!(region.is_none());
        }
        let request = pdev.io_request_by_index(0).ok_or(ENODEV)?;
        check_eq!(request.iomap_exclusive().err(), Some(EBUSY));
        Ok(())
    }
}

impl platform::Driver for Bios {
    type IdInfo = ();
    type Data<'bound> = ();

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        _info: Option<&'bound ()>,
    ) -> impl PinInit<(), Error> + 'bound {
        Self::check(pdev).map_err(|failure| {
            dev_info!(pdev, "# {}\n", format_args!("{failure}"));
            ENODEV
        })?;
        PROBES.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn regions_in_busy_areas() -> Outcome {
    const NAME: &CStr = c"test_bios";
    let probes = count(&PROBES);
    let mut resource: bindings::resource = pin_init::zeroed();
    (resource.start, resource.end) = (Bios::START, Bios::START + 0xfff);
    resource.flags = bindings::IORESOURCE_MEM as usize;
    let mut info = Made::info(NAME);
    (info.res, info.num_res) = (&raw const resource, 1);
    let _device = Made::new(&info)?;
    let _driver = register::<platform::Adapter<Bios>>(NAME)?;
    check_eq!(count(&PROBES), probes + 1);
    Ok(())
}

/// A driver of a device with a node of software.
struct Keeper;

/// The device that was kept, and its node.
static KEPT: AtomicPtr<(ARef<platform::Device>, ARef<FwNode>)> =
    AtomicPtr::new(core::ptr::null_mut());

impl platform::Driver for Keeper {
    type IdInfo = ();
    type Data<'bound> = ();

    fn probe<'bound>(
        pdev: &'bound platform::Device<Core<'_>>,
        _info: Option<&'bound ()>,
    ) -> impl PinInit<(), Error> + 'bound {
        let dev: &Device<Bound> = (**pdev).as_ref();
        let node = dev.fwnode().ok_or(ENOENT)?;
        let kept = KBox::new((pdev.into(), node), GFP_KERNEL)?;
        KEPT.store(KBox::into_raw(kept), Ordering::Relaxed);
        Ok(())
    }
}

fn a_node_outlives_its_device() -> Outcome {
    const NAME: &CStr = c"test_node";
    // SAFETY: Zero is valid in each field, and the end.
    let mut entries: [bindings::property_entry; 2] = unsafe { core::mem::zeroed() };
    entries[0].name = c"number".as_char_ptr();
    entries[0].length = size_of::<usize>();
    entries[0].is_inline = true;
    entries[0].type_ = bindings::DEV_PROP_U64;
    // The value itself lies where the pointer would.
    entries[0].__bindgen_anon_1.pointer = core::ptr::without_provenance(7);
    let mut info = Made::info(NAME);
    info.properties = entries.as_ptr();
    let driver = register::<platform::Adapter<Keeper>>(NAME)?;
    let device = Made::new(&info)?;
    let kept = KEPT.swap(core::ptr::null_mut(), Ordering::Relaxed);
    check!(!kept.is_null());
    // SAFETY: The driver has made it so, and this takes it.
    let kept = unsafe { KBox::from_raw(kept) };
    let (pdev, node) = &*kept;
    let dev: &Device = (**pdev).as_ref();
    check!(dev.fwnode().is_some());
    drop(driver);
    // It has no driver that could keep it from being removed.
    check!(dev.fwnode().is_none());
    drop(device);
    check!(dev.fwnode().is_none());
    check_eq!(node.property_read::<u64>(c"number").optional(), Some(7));
    Ok(())
}

/// How often what a driver had has gone while the bus still had the device switched on.
static IN_TIME: AtomicU32 = AtomicU32::new(0);

/// Looks at that when it is dropped.
struct InTime(*mut bindings::pnp_dev);

// SAFETY: The device is there as long as it is used.
unsafe impl Send for InTime {}

impl Drop for InTime {
    fn drop(&mut self) {
        // SAFETY: The device's driver has it.
        let (driver, active) = unsafe { ((*self.0).driver, (*self.0).active) };
        IN_TIME.fetch_add(
            u32::from(active != 0 && !driver.is_null()),
            Ordering::Relaxed,
        );
    }
}

/// A driver of the parallel port.
struct Parallel;

kernel::pnp_device_table!(PNP_PARALLEL, (), [(pnp::DeviceId::new(c"PNP0400"), ())]);

impl pnp::Driver for Parallel {
    type IdInfo = ();
    type Data<'bound> = ();
    const ID_TABLE: pnp::IdTable<()> = &PNP_PARALLEL;

    fn probe<'bound>(
        dev: &'bound pnp::Device<Core<'_>>,
        _info: &'bound (),
    ) -> impl PinInit<(), Error> + 'bound {
        let device: &pnp::Device = dev;
        let in_time = InTime(core::ptr::from_ref(device).cast_mut().cast());
        devres::register(dev.as_ref(), in_time, GFP_KERNEL)
    }
}

fn devres_goes_before_the_bus() -> Outcome {
    for n in 1..=2 {
        drop(register::<pnp::Adapter<Parallel>>(c"test_in_time")?);
        check_eq!(count(&IN_TIME), n);
    }
    Ok(())
}

/// What a value's drop drops.
static KEEPER: AtomicPtr<Devres<DropsItsKeeper>> = AtomicPtr::new(core::ptr::null_mut());

/// A value that has what keeps it.
struct DropsItsKeeper;

impl Drop for DropsItsKeeper {
    fn drop(&mut self) {
        DROPS.fetch_add(1, Ordering::Relaxed);
        let keeper = KEEPER.swap(core::ptr::null_mut(), Ordering::Relaxed);
        if !keeper.is_null() {
            // SAFETY: It is from `into_raw()`, and is taken once.
            drop(unsafe { KBox::from_raw(keeper) });
        }
    }
}

fn devres_dropped_by_its_value() -> Outcome {
    let drops = count(&DROPS);
    let faux = faux::Registration::new(c"test_devres", None)?;
    let value = Devres::new(faux.as_ref().as_ref(), DropsItsKeeper)?;
    let value = KBox::into_raw(KBox::new(value, GFP_KERNEL)?);
    KEEPER.store(value, Ordering::Relaxed);
    drop(faux);
    check_eq!(count(&DROPS), drops + 1);
    check!(KEEPER.load(Ordering::Relaxed).is_null());
    Ok(())
}

static DEVICE: AtomicPtr<faux::Registration> = AtomicPtr::new(core::ptr::null_mut());

/// A value that has the device which it belongs to.
struct DropsItsDevice;

impl Drop for DropsItsDevice {
    fn drop(&mut self) {
        DROPS.fetch_add(1, Ordering::Relaxed);
        let device = DEVICE.swap(core::ptr::null_mut(), Ordering::Relaxed);
        if !device.is_null() {
            // SAFETY: It is from `into_raw()`, and is taken once.
            drop(unsafe { KBox::from_raw(device) });
        }
    }
}

fn devres_value_has_the_device() -> Outcome {
    let drops = count(&DROPS);
    let faux = KBox::new(faux::Registration::new(c"test_devres", None)?, GFP_KERNEL)?;
    let value = Devres::new((*faux).as_ref().as_ref(), DropsItsDevice)?;
    DEVICE.store(KBox::into_raw(faux), Ordering::Relaxed);
    drop(value);
    check_eq!(count(&DROPS), drops + 1);
    check!(DEVICE.load(Ordering::Relaxed).is_null());
    Ok(())
}

/// Makes a device whose name is `len` times `ch`.
fn named(ch: u8, len: usize, parent: Option<&Device>) -> Result<faux::Registration> {
    let mut name = KVec::from_elem(ch, len, GFP_KERNEL)?;
    name.push(0, GFP_KERNEL)?;
    let name = CStr::from_bytes_with_nul(&name).map_err(|_| EINVAL)?;
    faux::Registration::new(name, parent)
}

fn faux_names_fit() -> Outcome {
    drop(named(b'x', 128, None)?);
    check_eq!(named(b'x', 129, None).err(), Some(ENODEV));
    check_eq!(named(b'x', 3000, None).err(), Some(ENODEV));
    // A path that does not fit.
    let mut line: KVec<faux::Registration> = KVec::new();
    let error = loop {
        let parent = line.last().map(|parent| parent.as_ref().as_ref());
        let parent = parent.map(|parent: &Device<Bound>| -> &Device { parent });
        match named(b'a' + line.len() as u8, 128, parent) {
            Ok(child) => line.push(child, GFP_KERNEL)?,
            Err(error) => break error,
        }
    };
    check_eq!(error, ENODEV);
    check_eq!(line.len(), 7);
    // The last one first.
    while let Some(last) = line.pop() {
        drop(last);
    }
    Ok(())
}
