// SPDX-License-Identifier: GPL-2.0-only

//! The register logic of `rust_uart16550`, with a UART that makes the errors no emulated one does.

use regs::{Block, Exclusive, LineStatus, Registers, LSR_BI, LSR_FE, LSR_OE, LSR_PE};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

#[path = "../samples/rust_uart16550_regs.rs"]
#[allow(dead_code)]
mod regs;

/// What the tests look at is theirs alone.
struct Alone;

impl Exclusive for Alone {}

/// A UART: a read or write does to it what the datasheet says.
#[derive(Default)]
struct Fake {
    is_gone: Cell<bool>,
    /// It is no UART.
    has_no_ier: Cell<bool>,
    /// A 16450 has none.
    has_fifo: Cell<bool>,
    scratch: Cell<u8>,
    ier: Cell<u8>,
    lcr: Cell<u8>,
    mcr: Cell<u8>,
    msr: Cell<u8>,
    fcr: Cell<u8>,
    divisor: Cell<u16>,
    /// Characters, each with its errors.
    received: RefCell<VecDeque<(u8, u8)>>,
    /// Whether the errors of the first were read.
    is_looked_at: Cell<bool>,
    overrun: Cell<bool>,
    /// A break that is no character.
    lone_break: Cell<bool>,
    /// How often a character was asked for.
    reads: Cell<usize>,
    sent: RefCell<Vec<u8>>,
    writes: RefCell<Vec<(usize, u8)>>,
}

impl Block for Rc<Fake> {
    fn read<const REGISTER: usize>(&self) -> u8 {
        if self.is_gone.get() {
            return 0xff;
        }
        let has_divisor = self.lcr.get() & 0x80 != 0;
        match REGISTER {
            0 if has_divisor => self.divisor.get().to_le_bytes()[0],
            0 => {
                self.reads.set(self.reads.get() + 1);
                self.is_looked_at.set(false);
                let first = self.received.borrow_mut().pop_front();
                first.map_or(0, |(ch, _)| ch)
            }
            1 if has_divisor => self.divisor.get().to_le_bytes()[1],
            1 if self.has_no_ier.get() => 0,
            1 => self.ier.get(),
            2 => {
                let fifo = if self.fcr.get() & 1 != 0 { 0xc0 } else { 0 };
                let pending = !self.received.borrow().is_empty() && self.ier.get() & 1 != 0;
                fifo | u8::from(!pending)
            }
            3 => self.lcr.get(),
            4 => self.mcr.get(),
            5 => {
                let mut lsr = 0x60;
                if let Some(&(_, errors)) = self.received.borrow().front() {
                    lsr |= 0x01;
                    if !self.is_looked_at.replace(true) {
                        lsr |= errors;
                    }
                }
                if self
                    .received
                    .borrow()
                    .iter()
                    .skip(1)
                    .any(|(_, errors)| *errors != 0)
                {
                    lsr |= 0x80;
                }
                if self.lone_break.take() {
                    lsr |= 0x10;
                }
                if self.overrun.take() {
                    lsr |= 0x02;
                }
                lsr
            }
            6 => self.msr.replace(self.msr.get() & 0xf0),
            _ => self.scratch.get(),
        }
    }

    fn write<const REGISTER: usize>(&self, value: u8) {
        if self.is_gone.get() {
            return;
        }
        self.writes.borrow_mut().push((REGISTER, value));
        let has_divisor = self.lcr.get() & 0x80 != 0;
        let [low, high] = self.divisor.get().to_le_bytes();
        match REGISTER {
            0 if has_divisor => self.divisor.set(u16::from_le_bytes([value, high])),
            0 => self.sent.borrow_mut().push(value),
            1 if has_divisor => self.divisor.set(u16::from_le_bytes([low, value])),
            1 => self.ier.set(value),
            2 if self.has_fifo.get() => {
                if value & 2 != 0 {
                    self.received.borrow_mut().clear();
                }
                self.fcr.set(value);
            }
            2 => {}
            3 => self.lcr.set(value),
            4 => self.mcr.set(value),
            7 => self.scratch.set(value),
            _ => panic!("a write to register {REGISTER}"),
        }
    }
}

fn uart(has_fifo: bool) -> (Rc<Fake>, Registers<Rc<Fake>>) {
    let fake = Rc::new(Fake::default());
    fake.has_fifo.set(has_fifo);
    let regs = Registers::probe(fake.clone()).expect("a UART is there");
    (fake, regs)
}

/// Receives everything: each character with its errors.
fn receive(regs: &Registers<Rc<Fake>>) -> Vec<(u8, u8)> {
    let mut all = Vec::new();
    let status = regs.receive_status(&Alone);
    if status.has_received() {
        regs.receive(status, &Alone, |ch, status: LineStatus| {
            all.push((ch, status.bits() & regs::LSR_ERRORS));
        });
    }
    all
}

#[test]
fn finds_a_fifo_or_none() {
    assert_eq!(uart(true).1.fifosize(), 16);
    assert_eq!(uart(false).1.fifosize(), 1);
}

#[test]
fn finds_nothing_where_nothing_is() {
    let fake = Rc::new(Fake::default());
    fake.is_gone.set(true);
    assert!(Registers::probe(fake).is_none());
}

#[test]
fn finds_nothing_where_something_else_is() {
    let fake = Rc::new(Fake::default());
    fake.has_no_ier.set(true);
    assert!(Registers::probe(fake).is_none());
}

#[test]
fn a_line_status_of_all_ones_is_no_device_that_is_gone() {
    let (fake, regs) = uart(true);
    fake.received.borrow_mut().extend([(0, 0x9e), (b'a', 0)]);
    assert_eq!(receive(&regs), [(0, 0x1e), (b'a', 0)]);
    // A look has cleared the first one's errors, which are added again, and the FIFO has another's.
    fake.received.borrow_mut().extend([(0, 0x1e), (b'a', 0x08)]);
    assert!(!regs.line_status(&Alone).is_gone());
    let status = regs.receive_status(&Alone);
    assert!(!status.is_gone() && status.contains(LSR_BI | LSR_FE | LSR_PE | LSR_OE));
    fake.is_gone.set(true);
    assert!(regs.receive_status(&Alone).is_gone());
    assert_eq!(regs.poll(&Alone), None);
}

#[test]
fn leaves_interrupts_and_dlab_off() {
    let fake = Rc::new(Fake::default());
    fake.lcr.set(0x80);
    fake.ier.set(0x0f);
    assert!(Registers::probe(fake.clone()).is_some());
    assert_eq!((fake.lcr.get(), fake.ier.get()), (0, 0));
}

#[test]
fn receives_in_order() {
    let (fake, regs) = uart(true);
    fake.received.borrow_mut().extend((0..16).map(|ch| (ch, 0)));
    let expected: Vec<_> = (0..16).map(|ch| (ch, 0)).collect();
    assert_eq!(receive(&regs), expected);
    assert!(receive(&regs).is_empty());
}

#[test]
fn each_error_belongs_to_its_character() {
    let (fake, regs) = uart(true);
    let errors = [(1, 0), (2, 0x04), (3, 0x08), (4, 0x0c), (0, 0x18), (5, 0)];
    fake.received.borrow_mut().extend(errors);
    assert_eq!(receive(&regs), errors);
}

#[test]
fn an_overrun_is_seen_beside_other_errors() {
    let (fake, regs) = uart(true);
    fake.received.borrow_mut().extend([(1, 0x04), (2, 0)]);
    fake.overrun.set(true);
    assert_eq!(receive(&regs), [(1, LSR_PE | LSR_OE), (2, 0)]);
}

#[test]
fn errors_that_a_look_has_cleared_are_kept() {
    let (fake, regs) = uart(true);
    fake.received.borrow_mut().extend([(1, 0x08), (2, 0)]);
    fake.overrun.set(true);
    // As tx_empty() and a console look.
    regs.line_status(&Alone);
    regs.line_status(&Alone);
    assert_eq!(receive(&regs), [(1, LSR_FE | LSR_OE), (2, 0)]);
}

#[test]
fn a_break_without_a_character_is_one() {
    let (fake, regs) = uart(true);
    // Some UARTs say so.
    fake.lone_break.set(true);
    assert_eq!(receive(&regs), [(0, LSR_BI)]);
    assert_eq!(fake.reads.get(), 0);
}

#[test]
fn a_break_that_a_look_has_cleared_comes_at_once() {
    let (fake, regs) = uart(true);
    fake.lone_break.set(true);
    regs.line_status(&Alone);
    assert_eq!(receive(&regs), [(0, LSR_BI)]);
    fake.received.borrow_mut().push_back((1, 0));
    assert_eq!(receive(&regs), [(1, 0)]);
}

#[test]
fn an_overrun_is_kept_for_what_comes() {
    let (fake, regs) = uart(true);
    fake.overrun.set(true);
    assert!(receive(&regs).is_empty());
    fake.received.borrow_mut().push_back((1, 0));
    assert_eq!(receive(&regs), [(1, LSR_OE)]);
}

#[test]
fn a_flood_ends() {
    let (fake, regs) = uart(true);
    fake.received.borrow_mut().extend((0..1000).map(|_| (7, 0)));
    assert_eq!(receive(&regs).len(), 256);
    assert_eq!(receive(&regs).len(), 256);
}

#[test]
fn a_device_that_goes_ends_everything() {
    let (fake, regs) = uart(true);
    fake.received.borrow_mut().extend([(1, 0), (2, 0), (3, 0)]);
    let mut all = 0;
    let status = regs.receive_status(&Alone);
    let last = regs.receive(status, &Alone, |_, _| {
        all += 1;
        fake.is_gone.set(true);
    });
    assert_eq!(all, 1);
    assert!(last.is_gone() && regs.line_status(&Alone).is_gone());
    assert!(!regs.has_interrupt(&Alone));
    assert!(!regs.reset(&Alone));
    // 0xff is no error of what comes when it is back.
    fake.is_gone.set(false);
    assert_eq!(receive(&regs), [(2, 0), (3, 0)]);
}

#[test]
fn a_reset_forgets_what_was_before() {
    let (fake, regs) = uart(true);
    fake.received.borrow_mut().extend([(1, 0x08), (2, 0x04)]);
    fake.msr.set(0x0f);
    fake.overrun.set(true);
    regs.line_status(&Alone);
    assert!(regs.reset(&Alone));
    assert_eq!(regs.modem_status(&Alone), 0);
    fake.received.borrow_mut().push_back((3, 0));
    assert_eq!(receive(&regs), [(3, 0)]);
}

#[test]
fn the_divisor_is_behind_dlab() {
    let (fake, regs) = uart(true);
    fake.ier.set(0x05);
    regs.set_divisor(0x0c34, 0x1b, &Alone);
    assert_eq!(fake.divisor.get(), 0x0c34);
    assert_eq!((fake.lcr.get(), fake.ier.get()), (0x1b, 0x05));
    assert!(fake.sent.borrow().is_empty());
}

#[test]
fn a_16450_gets_no_fifo_control() {
    let (fake, regs) = uart(false);
    fake.writes.borrow_mut().clear();
    regs.enable_fifos(regs::FCR_TRIGGER_8);
    regs.reset(&Alone);
    assert!(fake
        .writes
        .borrow()
        .iter()
        .all(|&(register, _)| register != 2));
    let (fake, regs) = uart(true);
    regs.enable_fifos(regs::FCR_TRIGGER_8);
    assert_eq!(fake.fcr.get(), 0x81);
    regs.enable_fifos(regs::FCR_TRIGGER_1);
    assert_eq!(fake.fcr.get(), 0x01);
}

#[test]
fn sends_in_order() {
    let (fake, regs) = uart(true);
    regs.send(b"hello");
    assert_eq!(*fake.sent.borrow(), b"hello");
}

#[test]
fn masking_remembers_what_was_on() {
    let (fake, regs) = uart(true);
    fake.ier.set(0x07);
    let ier = regs.mask();
    assert_eq!((ier, fake.ier.get()), (0x07, 0));
    regs.set_ier(ier);
    assert_eq!(fake.ier.get(), 0x07);
}

#[test]
fn a_trigger_is_the_next_lower_one() {
    let levels = [
        (0, 1),
        (1, 1),
        (3, 1),
        (4, 4),
        (7, 4),
        (8, 8),
        (13, 8),
        (14, 14),
        (255, 14),
    ];
    for (asked, had) in levels {
        assert_eq!(regs::trigger_bytes(regs::trigger_of(asked)), had, "{asked}");
    }
    assert_eq!(regs::trigger_of(8), regs::FCR_TRIGGER_8);
}
