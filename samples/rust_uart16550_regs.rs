// SPDX-License-Identifier: GPL-2.0-only

//! The registers of a 16550A, and what is done with them: nothing of the kernel, so that
//! `tests/uart16550.rs` tries it with errors that no emulated hardware makes.

#![forbid(unsafe_code)]

use core::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Data: read to receive, write to send. The divisor's low byte while DLAB is set.
pub(crate) const DATA: usize = 0;
/// Interrupt enable. The divisor's high byte while DLAB is set.
pub(crate) const IER: usize = 1;
pub(crate) const IER_RDI: u8 = 0x01;
pub(crate) const IER_THRI: u8 = 0x02;
pub(crate) const IER_RLSI: u8 = 0x04;
pub(crate) const IER_MSI: u8 = 0x08;
/// Interrupt identification (read); FIFO control (write).
const IIR: usize = 2;
const IIR_NO_INT: u8 = 0x01;
const IIR_FIFO: u8 = 0xc0;
const FCR: usize = 2;
const FCR_ENABLE: u8 = 0x01;
const FCR_CLEAR: u8 = 0x06;
/// An interrupt at 1 character, or at 8.
pub(crate) const FCR_TRIGGER_1: u8 = 0x00;
pub(crate) const FCR_TRIGGER_8: u8 = 0x80;
const FCR_TRIGGER_SHIFT: u32 = 6;
/// How many characters there are for each value of the trigger's two bits.
const TRIGGERS: [u8; 4] = [1, 4, 8, 14];
/// Line control.
pub(crate) const LCR: usize = 3;
pub(crate) const LCR_BREAK: u8 = 0x40;
const LCR_DLAB: u8 = 0x80;
/// Modem control.
pub(crate) const MCR: usize = 4;
pub(crate) const MCR_DTR: u8 = 0x01;
pub(crate) const MCR_RTS: u8 = 0x02;
pub(crate) const MCR_OUT1: u8 = 0x04;
pub(crate) const MCR_OUT2: u8 = 0x08;
pub(crate) const MCR_LOOP: u8 = 0x10;
/// Line status.
const LSR: usize = 5;
pub(crate) const LSR_DR: u8 = 0x01;
pub(crate) const LSR_OE: u8 = 0x02;
pub(crate) const LSR_PE: u8 = 0x04;
pub(crate) const LSR_FE: u8 = 0x08;
pub(crate) const LSR_BI: u8 = 0x10;
pub(crate) const LSR_THRE: u8 = 0x20;
pub(crate) const LSR_TEMT: u8 = 0x40;
/// One of the characters in the FIFO has an error.
const LSR_FIFO_ERROR: u8 = 0x80;
pub(crate) const LSR_ERRORS: u8 = LSR_OE | LSR_PE | LSR_FE | LSR_BI;
/// Modem status.
const MSR: usize = 6;
pub(crate) const MSR_DCTS: u8 = 0x01;
pub(crate) const MSR_DDSR: u8 = 0x02;
pub(crate) const MSR_TERI: u8 = 0x04;
pub(crate) const MSR_DDCD: u8 = 0x08;
pub(crate) const MSR_CHANGES: u8 = 0x0f;
pub(crate) const MSR_CTS: u8 = 0x10;
pub(crate) const MSR_DSR: u8 = 0x20;
pub(crate) const MSR_RI: u8 = 0x40;
pub(crate) const MSR_DCD: u8 = 0x80;
/// A byte for whoever wants it.
const SCRATCH: usize = 7;
/// How many registers there are.
pub(crate) const COUNT: u16 = 8;

/// How many characters are received at once.
const RX_LIMIT: usize = 256;

/// How many characters are received before an interrupt with these bits of FIFO control.
pub(crate) fn trigger_bytes(trigger: u8) -> u8 {
    TRIGGERS[usize::from(trigger >> FCR_TRIGGER_SHIFT)]
}

/// The bits of FIFO control for an interrupt after `bytes` characters, or the next lower number that there is.
pub(crate) fn trigger_of(bytes: u8) -> u8 {
    let index = TRIGGERS.iter().rposition(|&level| level <= bytes);
    (index.unwrap_or(0) as u8) << FCR_TRIGGER_SHIFT
}

/// A way to eight registers.
pub(crate) trait Block {
    fn read<const REGISTER: usize>(&self) -> u8;
    fn write<const REGISTER: usize>(&self, value: u8);
}

/// A proof that nobody else reads registers now whose reading changes what the next reader finds.
pub(crate) trait Exclusive {}

/// The proof of who has the registers for himself.
struct Owner;

impl Exclusive for Owner {}

/// The line status of a character.
#[derive(Clone, Copy)]
pub(crate) struct LineStatus(u8);

impl LineStatus {
    /// Whether all of `bits` are set.
    #[inline]
    pub(crate) fn contains(self, bits: u8) -> bool {
        self.0 & bits == bits
    }

    /// Whether the device has gone: nothing drives the bus.
    #[inline]
    pub(crate) fn is_gone(self) -> bool {
        self.0 == 0xff
    }

    /// Whether a character, or a break without one, is there.
    #[inline]
    pub(crate) fn has_received(self) -> bool {
        self.0 & (LSR_DR | LSR_BI) != 0
    }

    #[inline]
    pub(crate) fn has_error(self) -> bool {
        self.0 & LSR_ERRORS != 0
    }

    #[inline]
    pub(crate) fn bits(self) -> u8 {
        self.0
    }
}

/// A 16550A or 16450. What reads change is read by who has a proof that he is alone.
pub(crate) struct Registers<B> {
    block: B,
    /// How many characters it takes when it is empty.
    fifosize: u32,
    /// Errors of the next character: a look at the line status has cleared them.
    errors: AtomicU8,
}

impl<B: Block> Registers<B> {
    /// Finds out what is there; nothing if there is no UART.
    pub(crate) fn probe(block: B) -> Option<Self> {
        // DLAB may be set.
        block.write::<LCR>(0);
        for (ier, scratch) in [(0x0f, 0x5a), (0, 0xa5)] {
            block.write::<IER>(ier);
            block.write::<SCRATCH>(scratch);
            // Some have more in its upper half.
            if block.read::<IER>() & 0x0f != ier || block.read::<SCRATCH>() != scratch {
                return None;
            }
        }
        let mut this = Self {
            block,
            fifosize: 1,
            errors: AtomicU8::new(0),
        };
        if this.line_status(&Owner).is_gone() {
            return None;
        }
        this.block.write::<FCR>(FCR_ENABLE);
        if this.block.read::<IIR>() & IIR_FIFO == IIR_FIFO {
            this.fifosize = 16;
        }
        this.block.write::<FCR>(0);
        Some(this)
    }

    #[inline]
    pub(crate) fn fifosize(&self) -> u32 {
        self.fifosize
    }

    #[inline]
    pub(crate) fn set_ier(&self, ier: u8) {
        self.block.write::<IER>(ier);
    }

    /// Switches all interrupts off, and returns which were on.
    pub(crate) fn mask(&self) -> u8 {
        let ier = self.block.read::<IER>();
        self.set_ier(0);
        ier
    }

    #[inline]
    pub(crate) fn set_lcr(&self, lcr: u8) {
        self.block.write::<LCR>(lcr);
    }

    #[inline]
    pub(crate) fn set_mcr(&self, mcr: u8) {
        self.block.write::<MCR>(mcr);
    }

    /// Sets the divisor, and then the line control.
    pub(crate) fn set_divisor(&self, divisor: u16, lcr: u8, _proof: &impl Exclusive) {
        let [low, high] = divisor.to_le_bytes();
        self.set_lcr(lcr | LCR_DLAB);
        self.block.write::<DATA>(low);
        self.block.write::<IER>(high);
        self.set_lcr(lcr);
    }

    pub(crate) fn enable_fifos(&self, trigger: u8) {
        if self.fifosize > 1 {
            // Some take the trigger only when they are on.
            self.block.write::<FCR>(FCR_ENABLE);
            self.block.write::<FCR>(FCR_ENABLE | trigger);
        }
    }

    fn disable_fifos(&self) {
        if self.fifosize > 1 {
            self.block.write::<FCR>(FCR_ENABLE);
            self.block.write::<FCR>(FCR_ENABLE | FCR_CLEAR);
            self.block.write::<FCR>(0);
        }
    }

    /// Forgets what was received; returns whether the device is there.
    pub(crate) fn reset(&self, proof: &impl Exclusive) -> bool {
        self.disable_fifos();
        self.modem_status(proof);
        self.has_interrupt(proof);
        self.block.read::<DATA>();
        let is_there = !self.line_status(proof).is_gone();
        self.errors.store(0, Relaxed);
        is_there
    }

    /// Whether the device interrupts: not if it has gone.
    #[inline]
    pub(crate) fn has_interrupt(&self, _proof: &impl Exclusive) -> bool {
        self.block.read::<IIR>() & IIR_NO_INT == 0
    }

    /// Looks at the line status. A device that is there may have all ones, too, with a full FIFO of breaks: without a bit
    /// that nobody here needs, none has them, whatever else is added.
    #[inline]
    fn lsr(&self) -> LineStatus {
        let status = LineStatus(self.block.read::<LSR>());
        if status.is_gone() && self.block.read::<IER>() & 0xf0 == 0xf0 {
            return status;
        }
        LineStatus(status.0 & !LSR_FIFO_ERROR)
    }

    /// Looks at the line status, and keeps the errors that it clears.
    #[inline]
    pub(crate) fn line_status(&self, _proof: &impl Exclusive) -> LineStatus {
        let status = self.lsr();
        if status.has_error() && !status.is_gone() {
            let errors = self.errors.load(Relaxed);
            self.errors.store(errors | status.0 & LSR_ERRORS, Relaxed);
        }
        status
    }

    /// Looks at the line status to receive: with the errors that were kept, if there is something to receive.
    #[inline]
    pub(crate) fn receive_status(&self, _proof: &impl Exclusive) -> LineStatus {
        let mut status = self.lsr();
        let errors = self.errors.load(Relaxed);
        if (errors != 0 || status.has_error()) && !status.is_gone() {
            status.0 |= errors;
            // An overrun alone is kept on.
            self.errors.store(
                if status.has_received() {
                    0
                } else {
                    status.0 & LSR_ERRORS
                },
                Relaxed,
            );
        }
        status
    }

    #[inline]
    pub(crate) fn modem_status(&self, _proof: &impl Exclusive) -> u8 {
        self.block.read::<MSR>()
    }

    /// Receives what is there, of which the first has the status that [`receive_status()`](Self::receive_status)
    /// said; returns the last status.
    #[inline]
    pub(crate) fn receive(
        &self,
        status: LineStatus,
        _proof: &impl Exclusive,
        mut each: impl FnMut(u8, LineStatus),
    ) -> LineStatus {
        let mut status = status;
        for i in 1.. {
            // A break may come without a character.
            let ch = if status.contains(LSR_DR) {
                self.block.read::<DATA>()
            } else {
                0
            };
            each(ch, status);
            if i == RX_LIMIT {
                // What the next one has wrong is looked at in time.
                break;
            }
            status = self.lsr();
            if !status.has_received() || status.is_gone() {
                break;
            }
        }
        status
    }

    /// Returns a character if one is there.
    pub(crate) fn poll(&self, proof: &impl Exclusive) -> Option<u8> {
        let status = self.line_status(proof);
        let is_there = status.contains(LSR_DR) && !status.is_gone();
        is_there.then(|| self.block.read::<DATA>())
    }

    /// Sends: the caller knows that there is room.
    #[inline]
    pub(crate) fn send(&self, chars: &[u8]) {
        for &ch in chars {
            self.block.write::<DATA>(ch);
        }
    }
}
