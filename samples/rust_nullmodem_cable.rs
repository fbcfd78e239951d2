// SPDX-License-Identifier: GPL-2.0-only

//! The cable between two ports: work takes characters from one, then gives them to the other, so that the locks
//! of both are never held together.

#![forbid(unsafe_code)]

use super::end::{End, BREAK};
use super::{line, module_parameters, DRIVER};
use kernel::prelude::*;
use kernel::serial::{Icount, ModemLines};
use kernel::sync::atomic::Relaxed;
use kernel::sync::Arc;
use kernel::time::{Delta, Instant, Jiffies, Monotonic};
use kernel::workqueue::{self, impl_has_delayed_work, new_delayed_work, DelayedWork, WorkItem};

/// How many characters are taken at once.
const CHUNK: usize = 256;

/// How many are taken at once if they are to be looked at bit by bit, under the receiver's lock.
const BIT_BY_BIT: usize = 64;

/// How often the cable is looked at before others have their turn.
const PASSES: usize = 64;

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

        let is_forgiving = module_parameters::forgiving.value();
        // The formats, if not all that is sent is received as it was.
        let formats = end.format().zip(self.ends[to].format());
        let formats =
            formats.filter(|(ours, theirs)| !is_forgiving && !ours.is_understood_by(*theirs));
        // Characters that are taken from now on are sent after a break that has begun.
        let has_begun = !is_forgiving && end.has_break.xchg(false, Relaxed);

        let mut chars = [0; CHUNK];
        let (mut taken, mut limit) = (0, CHUNK);
        let char_time = end.char_time();
        // To nobody: characters are sent and lost.
        if let Some(receiver) = &receiver {
            if has_begun {
                self.ends[to].receive(receiver, BREAK);
            }
            let space = receiver.lock().buffer_space_avail();
            limit = match formats {
                None => limit.min(space),
                Some(_) => BIT_BY_BIT.min(space / line::MOST),
            };
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
        // A forgiving cable has a break after what was sent before its end. On another, the line is low meanwhile.
        let has_break = is_forgiving && !is_sending && end.has_break.xchg(false, Relaxed);
        let is_lost = !is_forgiving && end.is_breaking.load(Relaxed);
        if let Some(receiver) = receiver.as_ref().filter(|_| !is_lost) {
            let (far, chars) = (&self.ends[to], &chars[..taken]);
            match formats {
                None => far.receive_chars(receiver, chars),
                Some((ours, theirs)) => far.receive_bits(receiver, ours, chars, theirs),
            }
            if has_break {
                far.receive(receiver, BREAK);
            }
        }
        sender.lock().state().is_in_flight.set(false);
        match (is_sending, taken) {
            (false, _) => None,
            (true, 0) => Some(1),
            (true, _) => Some(0),
        }
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
