// SPDX-License-Identifier: GPL-2.0-only

//! Interrupts.
//!
//! The bus gives an [`IrqRequest`] for a line of a device; a [`Registration`] of it has the handler with
//! its data, and ends the calls when it is dropped.
//!
//! C header: `include/linux/interrupt.h`.

mod flags;
mod request;
mod threaded;

pub use self::flags::Flags;
pub use self::request::Handler;
pub use self::request::IrqRequest;
pub use self::request::IrqReturn;
pub use self::request::Registration;
pub use self::threaded::ThreadedHandler;
pub use self::threaded::ThreadedIrqReturn;
pub use self::threaded::ThreadedRegistration;
