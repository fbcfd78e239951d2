// SPDX-License-Identifier: GPL-2.0-only

//! The cable between two ports: work takes characters from one, then gives them to the other, so that the locks
//! of both are never held together.

#![forbid(unsafe_code)]

use super::{module_parameters, NullModem, State, BAUD_MAX, DRIVER, STATUS};
use kernel::prelude::*;
use kernel::serial::{Icount, ModemLines, PortRef, Termios};
use kernel::sync::atomic::{Atomic, Relaxed};
use kernel::sync::Arc;
use kernel::time::{Delta, Instant, Jiffies, Monotonic};
use kernel::workqueue::{self, impl_has_delayed_work, new_delayed_work, DelayedWork, WorkItem};

/// How many characters are taken at once.
const CHUNK: usize = 256;

/// How often the cable is looked at before others have their turn.
const PASSES: usize = 64;

/// What the other end sees without this port's lock, and what users inject.
#[derive(Default)]
pub(super) struct End {
    driven: Atomic<u32>,
    /// The lines that this end sees which have changed: one may be back before work looks.
    changed: Atomic<u32>,
    has_break: Atomic<bool>,
    /// How long a character takes.
    char_nanos: Atomic<i64>,
    pub(super) parity: Atomic<u32>,
    pub(super) frame: Atomic<u32>,
    pub(super) overrun: Atomic<u32>,
}

impl End {
    fn has_seen(&self, old: ModemLines, new: ModemLines) {
        let changed = old.bits() ^ new.bits();
        let mut all = self.changed.load(Relaxed);
        while let Err(now) = self.changed.cmpxchg(all, all | changed, Relaxed) {
            all = now;
        }
    }

    /// Forgets which lines have changed.
    pub(super) fn forget_changes(&self) {
        self.changed.store(0, Relaxed);
    }

    pub(super) fn send_break(&self) {
        self.has_break.store(true, Relaxed);
    }

    pub(super) fn set_speed(&self, baud: u32, termios: &Termios) {
        let bits = 7
            + i64::from(termios.char_size().bits())
            + i64::from(termios.has_two_stop_bits())
            + i64::from(termios.has_parity());
        let nanos = bits * 1_000_000_000 / i64::from(baud.clamp(1, BAUD_MAX));
        self.char_nanos.store(nanos, Relaxed);
    }

    /// The port was idle: the time that has passed is not for sending.
    pub(super) fn start(&self, state: &State) {
        let one_ago = Instant::now() - self.char_time();
        let sent_at = state.sent_at.get().map_or(one_ago, |at| at.max(one_ago));
        state.sent_at.set(Some(sent_at));
    }

    fn char_time(&self) -> Delta {
        Delta::from_nanos(self.char_nanos.load(Relaxed).max(1))
    }

    fn is_looped(&self) -> bool {
        self.driven().contains(ModemLines::LOOP)
    }

    fn driven(&self) -> ModemLines {
        ModemLines::from_bits_truncate(self.driven.load(Relaxed))
    }

    /// Takes one of the errors that are to come, if there are any.
    fn take(errors: &Atomic<u32>) -> bool {
        let left = errors.load(Relaxed);
        left != 0 && errors.cmpxchg(left, left - 1, Relaxed).is_ok()
    }

    fn has_errors(&self) -> bool {
        [&self.parity, &self.frame, &self.overrun]
            .iter()
            .any(|errors| errors.load(Relaxed) != 0)
    }
}

/// Two ends and what goes on between them.
#[pin_data]
pub(super) struct Cable {
    first: u32,
    ends: [End; 2],
    #[pin]
    work: DelayedWork<Cable>,
}

impl_has_delayed_work! {
    impl HasDelayedWork<Self> for Cable { self.work }
}

impl WorkItem for Cable {
    type Pointer = Arc<Self>;

    fn run(this: Arc<Self>) {
        let mut again = None;
        for _ in 0..PASSES {
            for side in 0..2 {
                this.report_lines(side);
            }
            again = [this.carry(0), this.carry(1)].into_iter().flatten().min();
            if again != Some(0) {
                break;
            }
        }
        if let Some(delay) = again {
            Self::look_in(&this, delay);
        }
    }
}

impl Cable {
    /// Makes a cable between the ports of the lines `first` and the next.
    pub(super) fn new(first: u32) -> Result<Arc<Self>> {
        let init = try_pin_init!(Self {
            first,
            ends: Default::default(),
            work <- new_delayed_work!("Cable::work"),
        });
        Arc::pin_init(init, GFP_KERNEL)
    }

    pub(super) fn end(&self, side: usize) -> &End {
        &self.ends[side]
    }

    pub(super) fn line(&self, side: usize) -> u32 {
        self.first + side as u32
    }

    /// Has the cable looked at soon.
    pub(super) fn look(this: &Arc<Self>) {
        Self::look_in(this, 0);
    }

    fn look_in(this: &Arc<Self>, delay: Jiffies) {
        // If it is queued already, that is as good.
        let _ = workqueue::system().enqueue_delayed(this.clone(), delay);
    }

    /// Drives the lines of `side`, which one end or both see.
    pub(super) fn drive(this: &Arc<Self>, side: usize, lines: ModemLines) {
        let (own, other) = (&this.ends[side], &this.ends[1 - side]);
        let old = ModemLines::from_bits_truncate(own.driven.xchg(lines.bits(), Relaxed));
        let far = other.driven();
        own.has_seen(seen(old, far), seen(lines, far));
        other.has_seen(seen(far, old), seen(far, lines));
        Self::look(this);
    }

    /// The modem lines as `side` sees them.
    pub(super) fn lines(&self, side: usize) -> ModemLines {
        seen(self.ends[side].driven(), self.ends[1 - side].driven())
    }

    /// Tells the port what has changed in the lines that it sees.
    fn report_lines(&self, side: usize) {
        let Some(port) = DRIVER.port(self.line(side)) else {
            return;
        };
        let port = port.lock();
        let changed = self.ends[side].changed.xchg(0, Relaxed);
        if changed == 0 || !port.state().reports.get() {
            return;
        }
        let lines = self.lines(side);
        let has_changed = |line| ModemLines::from_bits_truncate(changed).contains(line);
        if has_changed(ModemLines::DSR) {
            port.count(Icount::Dsr, 1);
        }
        if has_changed(ModemLines::RNG) && !lines.contains(ModemLines::RNG) {
            port.count(Icount::Rng, 1);
        }
        if has_changed(ModemLines::CAR) {
            port.handle_dcd_change(lines.contains(ModemLines::CAR));
        }
        if has_changed(ModemLines::CTS) {
            port.handle_cts_change(lines.contains(ModemLines::CTS));
        }
        port.wake_modem_waiters();
    }

    /// Carries characters from `side` to where it sends; how soon there is more to do, if there is.
    fn carry(&self, side: usize) -> Option<Jiffies> {
        let sender = DRIVER.port(self.line(side))?;
        let end = &self.ends[side];
        let to = if end.is_looped() { side } else { 1 - side };
        let receiver = DRIVER.port(self.line(to)).filter(|receiver| {
            let is_plugged = to == side || !self.ends[to].is_looped();
            is_plugged && receiver.lock().state().is_receiving.get()
        });

        let mut chars = [0; CHUNK];
        let (mut taken, mut limit) = (0, CHUNK);
        let char_time = end.char_time();
        // To nobody: characters are sent and lost.
        if let Some(receiver) = &receiver {
            limit = limit.min(receiver.lock().buffer_space_avail());
        }
        let is_sending = {
            let port = sender.lock();
            let state = port.state();
            if state.is_sending.get() {
                if limit == 0 {
                    // The time in which nobody took characters is not for sending.
                    end.start(state);
                }
                let sent_at = state.sent_at.get();
                limit = limit.min(sendable(sent_at, char_time));
                if limit > 0 {
                    let mask = state.mask.get();
                    port.transmit(limit, |slice| {
                        for (to, from) in chars[taken..].iter_mut().zip(slice) {
                            *to = from & mask;
                        }
                        taken += slice.len();
                    });
                    state.is_in_flight.set(taken > 0);
                    // Without the limit they have taken no time.
                    let (passed, now) = (char_time * taken as i64, Instant::now());
                    state.sent_at.set(sent_at.map(|at| (at + passed).min(now)));
                }
            }
            state.is_sending.get()
        };
        // A break follows what was sent before it.
        let has_break = !is_sending && end.has_break.xchg(false, Relaxed);
        if let Some(receiver) = &receiver {
            self.ends[to].receive(receiver, &chars[..taken], has_break);
        }
        sender.lock().state().is_in_flight.set(false);
        match (is_sending, taken) {
            (false, _) => None,
            (true, 0) => Some(1),
            (true, _) => Some(0),
        }
    }
}

impl End {
    /// Gives the port what has come over the cable.
    fn receive(&self, port: &PortRef<NullModem>, chars: &[u8], has_break: bool) {
        let port = port.lock();
        if !port.state().is_receiving.get() || chars.is_empty() && !has_break {
            return;
        }
        if port.ignore_status_mask() & STATUS.received == 0 && !self.has_errors() {
            port.count(Icount::Rx, chars.len() as u32);
            port.insert_chars(chars);
        } else {
            for &ch in chars {
                let mut status = STATUS.received;
                for (errors, bit) in [
                    (&self.parity, STATUS.parity),
                    (&self.frame, STATUS.frame),
                    (&self.overrun, STATUS.overrun),
                ] {
                    if Self::take(errors) {
                        status |= bit;
                    }
                }
                port.receive_char(ch, status, &STATUS);
            }
        }
        if has_break {
            // As a UART sees it: no stop bit either.
            let status = STATUS.received | STATUS.brk | STATUS.frame;
            port.receive_char(0, status, &STATUS);
        }
        port.flip_buffer_push();
    }
}

/// The modem lines that an end sees which drives `own`, while the other drives `other`.
fn seen(own: ModemLines, other: ModemLines) -> ModemLines {
    let mut lines = ModemLines::NONE;
    let mut cross = |from: ModemLines, output, input| {
        if from.contains(output) {
            lines |= input;
        }
    };
    if own.contains(ModemLines::LOOP) {
        // As in a 16550.
        cross(own, ModemLines::RTS, ModemLines::CTS);
        cross(own, ModemLines::DTR, ModemLines::DSR);
        cross(own, ModemLines::OUT1, ModemLines::RNG);
        cross(own, ModemLines::OUT2, ModemLines::CAR);
    } else if !other.contains(ModemLines::LOOP) {
        cross(other, ModemLines::RTS, ModemLines::CTS);
        cross(other, ModemLines::DTR, ModemLines::DSR | ModemLines::CAR);
    }
    lines
}

/// How many characters there was time for.
fn sendable(sent_at: Option<Instant<Monotonic>>, char_time: Delta) -> usize {
    match sent_at {
        Some(at) if module_parameters::rate_limit.value() => {
            (at.elapsed() / char_time).clamp(0, CHUNK as i64) as usize
        }
        _ => CHUNK,
    }
}
