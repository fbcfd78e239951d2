// SPDX-License-Identifier: GPL-2.0-only

//! Who is at the other end of a guest's port.

use anyhow::{Context, Result};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What is done here is part of what a guest depends on.
pub const SOURCE: &str = include_str!("peer.rs");

/// What the other end of a port says when it has heard something.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub cue: &'static str,
    /// How many milliseconds it waits, and what it says then.
    pub parts: &'static [(u64, &'static [u8])],
    /// It says all again until it has heard this.
    pub until: Option<&'static str>,
}

fn pause() {
    std::thread::sleep(Duration::from_millis(100));
}

/// Connects to a socket of QEMU's, which comes when the guest does. Reading from it does not wait for long.
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

/// Listens to a port until the guest is over, and gives each answer once: to the port, or to QEMU's monitor.
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
            // It may have ended meanwhile.
            let to = monitor.as_mut().unwrap_or(&mut stream);
            if to.write_all(answer).is_err() {
                return Ok(heard);
            }
        }
    }
    Ok(heard)
}

/// It answers once.
pub const fn answer(cue: &'static str, parts: &'static [(u64, &'static [u8])]) -> Answer {
    let until = None;
    Answer { cue, parts, until }
}

/// QEMU refuses the new card until the guest has let go of the old one, which is after its driver has.
pub const fn put(cue: &'static str, until: &'static str) -> Answer {
    Answer {
        cue,
        parts: &[(1000, b"device_add pci-serial,id=p0,chardev=c,addr=8\n")],
        until: Some(until),
    }
}

/// Pulls the card out.
pub const PULL: &[(u64, &[u8])] = &[(500, b"device_del p0\n")];

/// Data come in pieces of which the guest says that it has taken them, and so many of these may be under way.
const CHUNK: usize = 4096;
const TAKEN: u8 = 0x06;
const WINDOW: usize = 8;

/// What goes through the third port: no two pieces of it are the same, and none is `TAKEN`.
pub fn data(bytes: u32) -> Vec<u8> {
    let words = (0..bytes / 4).map(|n| n.wrapping_mul(0x9e37_79b1));
    let bytes = words.flat_map(u32::to_le_bytes);
    bytes
        .map(|byte| if byte == TAKEN { 0 } else { byte })
        .collect()
}

/// Gets all data late and slowly, sends it, and then does both at once. Returns what it got.
pub fn exchange(port: &Path, over: &AtomicBool, data: &[u8]) -> Result<Vec<u8>> {
    let mut stream = connect(port, over)?;
    std::thread::sleep(Duration::from_secs(3));
    let (mut got, mut acks, mut sent) = (Vec::new(), 0_usize, 0);
    let mut bytes = [0; CHUNK];
    let total = data.len();
    let all = 2 * total / CHUNK;
    // The first says that the port is open.
    while (got.len() < 2 * total || acks <= all) && !over.load(Ordering::Relaxed) {
        // QEMU's UART goes by no flow control, so what is under way must fit into the tty's buffer. The second
        // time is when the guest sends, too.
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
        // Now and then nobody reads for a while.
        if before / (total / 8) != got.len() / (total / 8) {
            std::thread::sleep(Duration::from_secs(1));
        }
    }
    Ok(got)
}
