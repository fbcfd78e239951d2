// SPDX-License-Identifier: GPL-2.0-only

//! Steps with devices, what they own until they are unbound, and files of debugfs that the guest reads meanwhile.

use crate::memory::keep;
use crate::memory::lose;
use crate::state::Context::Atomic;
use crate::state::Context::Task;
use crate::state::State;
use crate::state::Step;
use crate::world::check;
use crate::world::Counted;
use core::fmt::Formatter;
use kernel::debugfs::Dir;
use kernel::debugfs::File;
use kernel::debugfs::Scope;
use kernel::device::Device;
use kernel::devres;
use kernel::devres::Devres;
use kernel::faux;
use kernel::prelude::*;
use kernel::str::CString;
use kernel::sync::aref::ARef;
use kernel::sync::atomic::Atomic as AtomicNumber;
use kernel::sync::atomic::Relaxed;
use kernel::sync::Arc;

pub(crate) const STEPS: &[Step] = &[
    Step("bind", 2, Task, bind),
    Step("unbind", 2, Task, unbind),
    Step("devres", 6, Task, devres),
    Step("devres_drop", 4, Task, devres_drop),
    Step("devres_elsewhere", 2, Task, devres_elsewhere),
    Step("devres_access", 20, Atomic, devres_access),
    Step("device", 20, Atomic, device),
    Step("dir", 2, Task, dir),
    Step("dir_drop", 2, Task, dir_drop),
    Step("file", 3, Task, file),
    Step("file_change", 10, Atomic, file_change),
    Step("file_drop", 2, Task, file_drop),
    Step("scope", 2, Task, scope),
];

const KEPT: usize = 4;

/// What is kept, whatever of it has gone.
pub(crate) struct Devices {
    registrations: KVec<faux::Registration>,
    references: KVec<ARef<Device>>,
    managed: KVec<Arc<Devres<Counted>>>,
    dirs: KVec<Dir>,
    files: KVec<Pin<KBox<File<AtomicNumber<u32>>>>>,
    scopes: KVec<Pin<KBox<Scope<Counted>>>>,
}

impl Devices {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self {
            registrations: KVec::with_capacity(KEPT, GFP_KERNEL)?,
            references: KVec::with_capacity(KEPT, GFP_KERNEL)?,
            managed: KVec::with_capacity(2 * KEPT, GFP_KERNEL)?,
            dirs: KVec::with_capacity(KEPT, GFP_KERNEL)?,
            files: KVec::with_capacity(KEPT, GFP_KERNEL)?,
            scopes: KVec::with_capacity(KEPT, GFP_KERNEL)?,
        })
    }
}

/// A name that no other step uses: one that is taken is refused, and the kernel logs where.
fn name(s: &State<'_>) -> Result<CString> {
    CString::try_from_fmt(fmt!("hostile-{}-{}", s.thread, s.number))
}

fn bind(s: &mut State<'_>) -> Result {
    let name = name(s)?;
    let new = faux::Registration::new(&name, None)?;
    check(new.as_ref().as_ref().name() == &*name, "a device's name");
    if s.rng.one_in(4) {
        // A child that goes first.
        let child = CString::try_from_fmt(fmt!("hostile-{}-{}-child", s.thread, s.number))?;
        let parent: &Device = new.as_ref().as_ref();
        drop(faux::Registration::new(&child, Some(parent))?);
    }
    keep(&mut s.devices.registrations, &mut s.rng, new);
    Ok(())
}

fn unbind(s: &mut State<'_>) -> Result {
    lose(&mut s.devices.registrations, &mut s.rng);
    Ok(())
}

fn devres(s: &mut State<'_>) -> Result {
    if s.devices.registrations.is_empty() {
        return Ok(());
    }
    let number = s.rng.next();
    let registration = s.rng.pick(&s.devices.registrations);
    let bound = registration.as_ref().as_ref();
    if s.rng.one_in(3) {
        return devres::register::<Counted, Error>(bound, Ok(Counted::new(number)), GFP_KERNEL);
    }
    let managed = match s.rng.one_in(5) {
        true => Devres::<Counted>::new(bound, Err::<Counted, _>(EIO)),
        false => Devres::new(bound, Ok::<_, Error>(Counted::new(number))),
    }?;
    let is_there = managed
        .access(bound)
        .is_ok_and(|value| value.value() == number);
    check(is_there, "a device's value");
    let managed = Arc::new(managed, GFP_KERNEL)?;
    keep(&mut s.devices.managed, &mut s.rng, managed);
    Ok(())
}

fn devres_drop(s: &mut State<'_>) -> Result {
    lose(&mut s.devices.managed, &mut s.rng);
    Ok(())
}

/// Another thread uses the value, and may be the one that drops it, while this one may unbind the device.
fn devres_elsewhere(s: &mut State<'_>) -> Result {
    if s.devices.managed.is_empty() {
        return Ok(());
    }
    let at = s.rng.below(s.devices.managed.len());
    let theirs = match s.rng.one_in(2) {
        true => s.devices.managed[at].clone(),
        false => s.devices.managed.remove(at).map_err(|_| EINVAL)?,
    };
    crate::work::spawn(s, move || {
        for _ in 0..20 {
            theirs.try_access_with(Counted::check);
        }
    })
}

fn devres_access(s: &mut State<'_>) -> Result {
    for managed in &s.devices.managed {
        if let Some(value) = managed.try_access() {
            value.check();
        }
        for registration in &s.devices.registrations {
            let bound = registration.as_ref().as_ref();
            if let Ok(value) = managed.access(bound) {
                value.check();
            }
        }
    }
    Ok(())
}

/// References on devices, which stay when the devices are removed.
fn device(s: &mut State<'_>) -> Result {
    if !s.devices.registrations.is_empty() {
        let registration = s.rng.pick(&s.devices.registrations);
        let device: &Device = registration.as_ref().as_ref();
        let device: ARef<Device> = device.into();
        if s.devices.references.len() < KEPT {
            let _ = s.devices.references.push_within_capacity(device.clone());
        }
    }
    for device in &s.devices.references {
        check(
            device.name().to_bytes().starts_with(b"hostile-"),
            "a device's name",
        );
    }
    // The last reference is dropped where it may sleep.
    if s.context() == Task && s.rng.one_in(4) {
        lose(&mut s.devices.references, &mut s.rng);
    }
    Ok(())
}

fn dir(s: &mut State<'_>) -> Result {
    let name = name(s)?;
    let new = match s.devices.dirs.first() {
        Some(first) if s.rng.one_in(2) => first.subdir(&name),
        Some(first) if s.rng.one_in(4) => first.clone(),
        _ => Dir::new(&name),
    };
    keep(&mut s.devices.dirs, &mut s.rng, new);
    Ok(())
}

fn dir_drop(s: &mut State<'_>) -> Result {
    lose(&mut s.devices.dirs, &mut s.rng);
    Ok(())
}

fn file(s: &mut State<'_>) -> Result {
    if s.devices.dirs.is_empty() {
        return Ok(());
    }
    let name = name(s)?;
    let value = AtomicNumber::new(s.rng.next() as u32);
    let dir = s.rng.pick(&s.devices.dirs);
    let new: Pin<KBox<File<AtomicNumber<u32>>>> = match s.rng.below(3) {
        0 => KBox::pin_init::<Error>(dir.read_only_file(&name, Ok::<_, Error>(value)), GFP_KERNEL),
        1 => KBox::pin_init::<Error>(
            dir.read_write_file(&name, Ok::<_, Error>(value)),
            GFP_KERNEL,
        ),
        _ => {
            let failing = dir.write_only_file(&name, Err::<AtomicNumber<u32>, _>(EIO));
            KBox::pin_init::<Error>(failing, GFP_KERNEL)
        }
    }?;
    keep(&mut s.devices.files, &mut s.rng, new);
    Ok(())
}

fn file_change(s: &mut State<'_>) -> Result {
    let number = s.rng.next() as u32;
    s.devices
        .files
        .iter()
        .for_each(|file| file.store(number, Relaxed));
    Ok(())
}

fn file_drop(s: &mut State<'_>) -> Result {
    lose(&mut s.devices.files, &mut s.rng);
    lose(&mut s.devices.scopes, &mut s.rng);
    Ok(())
}

fn scope(s: &mut State<'_>) -> Result {
    let name = name(s)?;
    let value = Counted::new(s.rng.next());
    let scope = Scope::<Counted>::dir(Ok::<_, Error>(value), &name, |value, dir| {
        dir.read_only_file(c"debug", value);
        dir.dir(c"more").read_callback_file(
            c"text",
            value,
            &|value: &Counted, f: &mut Formatter<'_>| writeln!(f, "{}", value.value()),
        );
    });
    let scope = KBox::pin_init::<Error>(scope, GFP_KERNEL)?;
    keep(&mut s.devices.scopes, &mut s.rng, scope);
    Ok(())
}
