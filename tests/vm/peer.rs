// SPDX-License-Identifier: GPL-2.0-only

//! The other end of a guest's serial port, on the host.

use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// This file's source: part of the key of each guest that uses it.
pub const SOURCE: &str = include_str!("peer.rs");

/// What the other end of a port sends when it has received something.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub cue: &'static str,
    /// The pieces to send, each with the milliseconds to wait before.
    pub parts: &'static [(u64, &'static [u8])],
    /// Sends all pieces again until this has been received.
    pub until: Option<&'static str>,
}

fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}

/// Connects to a socket of QEMU, which QEMU creates when it starts. Reads from it have a short timeout.
pub fn connect(path: &Path, over: &AtomicBool) -> Result<UnixStream> {
    loop {
        match UnixStream::connect(path) {
            Ok(stream) => {
                stream.set_read_timeout(Some(Duration::from_millis(200)))?;
                break Ok(stream);
            }
            Err(_) if !over.load(Ordering::Relaxed) => pause(),
            Err(error) => return Err(error).context("QEMU's socket is not there"),
        }
    }
}

/// Reads from a port until the guest has ended, and sends each answer once: to the port, or to QEMU's monitor.
pub fn talk(
    port: &Path,
    monitor: Option<&Path>,
    over: &AtomicBool,
    answers: &[Answer],
) -> Result<String> {
    let is_over = || over.load(Ordering::Relaxed);
    let mut stream = connect(port, over)?;
    let mut monitor = monitor.map(|path| connect(path, over)).transpose()?;
    let (mut heard, mut bytes) = (String::new(), [0; 4096]);
    let mut left = answers.to_vec();
    while !is_over() {
        match stream.read(&mut bytes) {
            Ok(0) => pause(),
            Ok(count) => heard += &String::from_utf8_lossy(&bytes[..count]),
            Err(_) => {}
        }
        let heard_of = |answer: &Answer| heard.contains(answer.cue);
        let Some(next) = left.iter().position(heard_of) else {
            continue;
        };
        let Answer { parts, until, .. } = left[next];
        let is_last = until.is_none_or(|until| heard.contains(until));
        if is_last {
            left.remove(next);
        }
        if is_last && until.is_some() {
            continue;
        }
        for (wait, answer) in parts {
            std::thread::sleep(Duration::from_millis(*wait));
            // The guest may have ended meanwhile.
            let to = monitor.as_mut().unwrap_or(&mut stream);
            if to.write_all(answer).is_err() {
                return Ok(heard);
            }
        }
    }
    Ok(heard)
}

/// Each answer is sent once.
pub const fn answer(cue: &'static str, parts: &'static [(u64, &'static [u8])]) -> Answer {
    let until = None;
    Answer { cue, parts, until }
}

/// Plugs the card in. QEMU refuses that until the guest has released the old card, after its driver was unbound.
pub const fn put(cue: &'static str, until: &'static str) -> Answer {
    Answer {
        cue,
        parts: &[(1000, b"device_add pci-serial,id=p0,chardev=c,addr=8\n")],
        until: Some(until),
    }
}

/// Unplugs the card.
pub const PULL: &[(u64, &[u8])] = &[(500, b"device_del p0\n")];

/// How many pieces of data may be sent before the guest has acknowledged them with `TAKEN`.
const CHUNK: usize = 4096;
const TAKEN: u8 = 0x06;
const WINDOW: usize = 8;

/// The data for the third port: no two pieces are the same, and none contains `TAKEN`.
pub fn data(bytes: u32) -> Vec<u8> {
    let words = (0..bytes / 4).map(|n| n.wrapping_mul(0x9e37_79b1));
    let bytes = words.flat_map(u32::to_le_bytes);
    bytes
        .map(|byte| if byte == TAKEN { 0 } else { byte })
        .collect()
}

/// Reads all data late and slowly, then sends it, then does both at once. Returns what it has read.
pub fn exchange(port: &Path, over: &AtomicBool, data: &[u8]) -> Result<Vec<u8>> {
    let mut stream = connect(port, over)?;
    std::thread::sleep(Duration::from_secs(3));
    let (mut got, mut acks, mut sent) = (Vec::new(), 0_usize, 0);
    let mut bytes = [0; CHUNK];
    let total = data.len();
    let all = 2 * total / CHUNK;
    // The first acknowledgement says that the port is open.
    while (got.len() < 2 * total || acks <= all) && !over.load(Ordering::Relaxed) {
        // QEMU's UART has no flow control, so the data in flight must fit into the tty's buffer. In the second
        // pass the guest sends, too.
        let until = match got.len() {
            length if length < total || acks == 0 => 0,
            length if length == total => all / 2,
            _ => all,
        };
        while sent < until.min(acks.saturating_sub(1) + WINDOW) {
            let at = sent % (all / 2) * CHUNK;
            stream.write_all(&data[at..at + CHUNK])?;
            sent += 1;
        }
        let Ok(count) = stream.read(&mut bytes) else {
            continue;
        };
        let before = got.len();
        got.extend(bytes[..count].iter().filter(|&&byte| byte != TAKEN));
        acks += count - (got.len() - before);
        // From time to time, pause reading.
        if before / (total / 8) != got.len() / (total / 8) {
            std::thread::sleep(Duration::from_secs(1));
        }
    }
    Ok(got)
}
