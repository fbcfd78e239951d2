// SPDX-License-Identifier: GPL-2.0-only

//! Chooses how QEMU runs the guest's code.

use super::guest::run;
use super::{Guest, Outcome, Reason};
use anyhow::{bail, Result};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

/// How QEMU runs the guest's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Accel {
    /// By translation: works everywhere.
    Tcg,
    /// On this processor; an error if that does not work.
    Kvm,
    /// On this processor if that works, else by translation.
    Auto,
}

/// `/dev/kvm` may open and then hang: a guest gets so long to boot.
const PROBE_LIMIT: Duration = Duration::from_secs(15);

/// The accelerator for `guest`: anything but TCG is believed only after a boot.
///
/// # Errors
///
/// When the guest insists on KVM and KVM does not work here.
pub fn choose(guest: &Guest) -> Result<Accel> {
    static PROBE: OnceLock<Result<(), String>> = OnceLock::new();
    if guest.accel == Accel::Tcg {
        return Ok(Accel::Tcg);
    }
    let mut first = false;
    let probe = PROBE.get_or_init(|| {
        first = true;
        probe(guest)
    });
    match (probe, guest.accel) {
        (Ok(()), _) => Ok(Accel::Kvm),
        (Err(why), Accel::Kvm) => bail!("KVM does not work here ({why}); use --accel tcg"),
        (Err(why), _) => {
            if first {
                eprintln!("ferrule: KVM does not work here ({why}); using TCG");
            }
            Ok(Accel::Tcg)
        }
    }
}

/// Boots the guest's kernel once, to nothing but `exit 0`.
fn probe(guest: &Guest) -> Result<(), String> {
    if !Path::new("/dev/kvm").exists() {
        return Err("no /dev/kvm".to_owned());
    }
    let guest = Guest {
        kernel: guest.kernel.clone(),
        script: "exit 0".to_owned(),
        timeout: PROBE_LIMIT,
        ..Guest::default()
    };
    let outcome = run(&guest, Accel::Kvm, &mut |_| ()).map_err(|error| format!("{error:#}"))?;
    verdict(&outcome)
}

fn verdict(outcome: &Outcome) -> Result<(), String> {
    match (outcome.status, outcome.failure()) {
        (Some(0), _) => Ok(()),
        (None, _) if matches!(outcome.reason, Reason::TimedOut(_)) => Err(format!(
            "a guest did not boot within {} s",
            PROBE_LIMIT.as_secs()
        )),
        (_, Some(failure)) => Err(failure.lines().next().unwrap_or_default().to_owned()),
        (status, None) => Err(format!("a guest ended with status {status:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_guest_that_ends_well_is_a_proof() {
        let outcome = |status, reason| Outcome {
            status,
            reason,
            log: String::new(),
        };
        assert_eq!(verdict(&outcome(Some(0), Reason::Exited)), Ok(()));
        let hung = verdict(&outcome(None, Reason::TimedOut(PROBE_LIMIT))).unwrap_err();
        assert!(hung.contains("within 15 s"), "{hung}");
        let failed = Reason::QemuFailed("cannot set an MSR\nand more".to_owned());
        assert_eq!(
            verdict(&outcome(None, failed)).unwrap_err(),
            "QEMU failed: cannot set an MSR"
        );
        assert!(verdict(&outcome(Some(1), Reason::Exited)).is_err());
    }
}
