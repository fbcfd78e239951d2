// SPDX-License-Identifier: GPL-2.0-only

//! The interrupts of PCI devices.

use super::Device;
use crate::bindings;
use crate::container_of;
use crate::device::Bound;
use crate::devres;
use crate::error::code::EINVAL;
use crate::error::to_result;
use crate::error::Error;
use crate::error::Result;
use crate::ffi::c_void;
use crate::irq::IrqRequest;
use core::num::NonZero;

/// A kind of interrupts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IrqType {
    /// One of the lines INTA to INTD, which devices share.
    Intx,
    /// Messages, up to 32.
    Msi,
    /// Messages, up to 2048.
    MsiX,
}

impl IrqType {
    const fn as_raw(self) -> u32 {
        match self {
            // C's older name for the same is `PCI_IRQ_LEGACY`.
            IrqType::Intx => 1,
            IrqType::Msi => bindings::PCI_IRQ_MSI,
            IrqType::MsiX => bindings::PCI_IRQ_MSIX,
        }
    }
}

/// Kinds of interrupts.
///
/// # Examples
///
/// ```
/// use kernel::pci::{IrqType, IrqTypes};
///
/// let _ = IrqTypes::default().with(IrqType::Msi).with(IrqType::MsiX);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct IrqTypes(u32);

impl IrqTypes {
    /// All of them.
    pub const fn all() -> Self {
        Self::none()
            .with(IrqType::Intx)
            .with(IrqType::Msi)
            .with(IrqType::MsiX)
    }

    const fn none() -> Self {
        Self(0)
    }

    /// These, and one more.
    pub const fn with(self, irq_type: IrqType) -> Self {
        Self(self.0 | irq_type.as_raw())
    }
}

/// One of the interrupts of an [`IrqVectorRegistration`].
pub struct IrqVector<'a> {
    request: IrqRequest<'a>,
    vectors: &'a IrqVectorRegistration<'a>,
}

impl<'a> IrqVector<'a> {
    /// All interrupts.
    pub fn vectors(&self) -> &'a IrqVectorRegistration<'a> {
        self.vectors
    }

    /// Of what kind it is.
    pub fn irq_type(&self) -> IrqType {
        self.vectors.irq_type()
    }
}

impl<'a> From<IrqVector<'a>> for IrqRequest<'a> {
    fn from(vector: IrqVector<'a>) -> Self {
        vector.request
    }
}

/// The interrupts that a device has got. Dropping it gives them back.
///
/// If a handler is registered for one of them then, as one is that was leaked, or a serial port was added with one, they
/// stay until the device loses its driver.
///
/// # Invariants
///
/// `dev` has `len` interrupts.
///
/// # Examples
///
/// ```
/// use kernel::device::Bound;
/// use kernel::irq::IrqRequest;
/// use kernel::pci::{self, IrqTypes};
///
/// fn line(pdev: &pci::Device<Bound>) -> Result<u32> {
///     let vectors = pdev.alloc_irq_vectors(1, 1, IrqTypes::all())?;
///     let request: IrqRequest<'_> = vectors.index(0)?.into();
///     Ok(request.irq())
/// }
/// ```
pub struct IrqVectorRegistration<'a> {
    dev: &'a Device<Bound>,
    len: NonZero<usize>,
}

impl IrqVectorRegistration<'_> {
    /// How many there are.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.len.get()
    }

    /// Of what kind they are.
    pub fn irq_type(&self) -> IrqType {
        // SAFETY: `dev` is valid.
        match unsafe { bindings::pci_irq_type(self.dev.as_raw()) } {
            bindings::PCI_IRQ_MSIX => IrqType::MsiX,
            bindings::PCI_IRQ_MSI => IrqType::Msi,
            _ => IrqType::Intx,
        }
    }

    fn number(&self, index: usize) -> Result<u32> {
        // SAFETY: `dev` is valid; C checks the index.
        let irq = unsafe { bindings::pci_irq_vector(self.dev.as_raw(), u32::try_from(index)?) };
        to_result(irq)?;
        Ok(irq as u32)
    }

    /// Returns one of them.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there are not so many.
    pub fn index(&self, index: usize) -> Result<IrqVector<'_>> {
        if index >= self.len() {
            return Err(EINVAL);
        }
        let irq = self.number(index)?;
        // SAFETY: C has said that it is one of the device's.
        let request = unsafe { IrqRequest::new(self.dev.as_ref(), irq) };
        Ok(IrqVector {
            request,
            vectors: self,
        })
    }
}

impl Drop for IrqVectorRegistration<'_> {
    fn drop(&mut self) {
        // A line that others share is theirs too, and stays in any case.
        let messages = self.irq_type() != IrqType::Intx;
        let in_use = |index| {
            // SAFETY: C takes any number.
            self.number(index)
                .is_ok_and(|irq| unsafe { bindings::irq_has_action(irq) })
        };
        let is_kept = IrqRequest::is_any_kept(self.dev.as_ref());
        if messages && (is_kept || (0..self.len()).any(in_use)) {
            return;
        }
        devres::remove(self.dev.as_ref(), free_vectors, core::ptr::null_mut());
        // SAFETY: By the type invariant the device has got them, and no handler is left.
        unsafe { bindings::pci_free_irq_vectors(self.dev.as_raw()) };
        devres::remove(self.dev.as_ref(), had_vectors, core::ptr::null_mut());
    }
}

/// Says only that the device has got interrupts, as long as it is there.
unsafe extern "C" fn had_vectors(_dev: *mut bindings::device, _node: *mut c_void) {}

/// Frees what is left when the device loses its driver: handlers came later, so they are gone.
unsafe extern "C" fn free_vectors(dev: *mut bindings::device, _node: *mut c_void) {
    // SAFETY: C passes the device, which is in a `struct pci_dev` and has got interrupts.
    unsafe { bindings::pci_free_irq_vectors(container_of!(dev, bindings::pci_dev, dev)) };
}

impl Device<Bound> {
    /// The line that the device has of the four that devices share, for drivers that need no messages.
    /// Request it as [`Flags::SHARED`](crate::irq::Flags::SHARED).
    ///
    /// Enable the device first ([`enable_device()`](Self::enable_device)): before that, and when the device has been
    /// disabled, C has a number that stands for no interrupt.
    ///
    /// Context: any. C: `pci_dev.irq`.
    ///
    /// # Errors
    ///
    /// [`ENXIO`](crate::error::code::ENXIO) if it has none, has got messages in place of it, or is not enabled.
    pub fn irq_line(&self) -> Result<IrqRequest<'_>> {
        // SAFETY: `self` is valid; the firmware or the bus has set the fields.
        let (irq, pin) = unsafe { ((*self.as_raw()).irq, (*self.as_raw()).pin) };
        // SAFETY: The same.
        let messages =
            unsafe { (*self.as_raw()).msi_enabled() != 0 || (*self.as_raw()).msix_enabled() != 0 };
        if irq == 0 || pin == 0 || messages || !self.is_enabled() {
            return Err(crate::error::code::ENXIO);
        }
        // SAFETY: C has said that it is the device's.
        Ok(unsafe { IrqRequest::new(self.as_ref(), irq) })
    }

    /// Whether the device's line is one: what enables the device maps it, what disables the device unmaps it. While a
    /// device has a driver, nobody but the driver disables it, and does so when it has freed its interrupts.
    fn is_enabled(&self) -> bool {
        // SAFETY: `self` is valid.
        unsafe { bindings::pci_is_enabled(self.as_raw()) }
    }

    /// Gets interrupts for the device, of the best of the kinds that there are enough of.
    ///
    /// A device that is not enabled gets none, of any kind: one that is enabled while it has messages would not get its
    /// line, see [`irq_line()`](Self::irq_line).
    ///
    /// Context: process, may sleep. C: `pci_alloc_irq_vectors()`.
    ///
    /// # Errors
    ///
    /// [`ENOSPC`](crate::error::code::ENOSPC) if there are less than `min_vecs`, or the device is not enabled;
    /// [`ERANGE`](crate::error::code::ERANGE) if `max_vecs` is less than `min_vecs`;
    /// [`EINVAL`] if the numbers make no sense otherwise, or the device has got some already;
    /// [`ENOMEM`](crate::error::code::ENOMEM) if there is no memory.
    pub fn alloc_irq_vectors(
        &self,
        min_vecs: u32,
        max_vecs: u32,
        irq_types: IrqTypes,
    ) -> Result<IrqVectorRegistration<'_>> {
        if min_vecs > max_vecs {
            return Err(crate::error::code::ERANGE);
        }
        let (dev, nothing) = (self.as_ref(), core::ptr::null_mut());
        // C would give a line to who has messages already, and they would be freed under a handler.
        // SAFETY: It does nothing.
        unsafe { devres::add_once(dev, had_vectors, nothing) }?;
        let kinds = match self.is_enabled() {
            true => irq_types.0,
            false => 0,
        };
        // SAFETY: `self` is valid; C checks the rest.
        let len =
            unsafe { bindings::pci_alloc_irq_vectors(self.as_raw(), min_vecs, max_vecs, kinds) };
        let got = match NonZero::new(usize::try_from(len).unwrap_or(0)) {
            // It comes after what C has added for them, so it goes before that.
            // SAFETY: The device has got them, and gives them back once: `drop()` removes this.
            Some(len) => unsafe { devres::add(dev, free_vectors, nothing) }
                .map(|()| len)
                .inspect_err(|_| {
                    // SAFETY: No handler is there yet.
                    unsafe { bindings::pci_free_irq_vectors(self.as_raw()) };
                }),
            None if len < 0 => Err(Error::from_errno(len)),
            None => Err(EINVAL),
        };
        let len = got.inspect_err(|_| {
            devres::remove(dev, had_vectors, nothing);
        })?;
        // INVARIANT: C has said so.
        Ok(IrqVectorRegistration { dev: self, len })
    }
}
