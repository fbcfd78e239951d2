// SPDX-License-Identifier: GPL-2.0-only

//! Profiles for rustcs that know some flags by other names.

use super::Effect::{self, Args, Feature};
use super::Profile;

/// What older rustcs call the same: a flag of [`super::TABLE`] that they lack, and what they have in its place.
const OLDER: &[(&str, Effect)] = &[
    // Before 1.90.
    (
        "-Zretpoline-external-thunk",
        Feature("+retpoline-external-thunk,+retpoline-indirect-branches,+retpoline-indirect-calls"),
    ),
    // Before 1.93.
    ("-Cjump-tables=n", Args(&["-Zno-jump-tables"])),
];

impl Profile {
    /// The same in the words of a rustc whose `-Chelp` and `-Zhelp` print `help`.
    pub fn spelled_for(mut self, help: &str) -> Self {
        let flags: Vec<String> = help.lines().filter_map(flag).collect();
        for (new, old) in OLDER {
            let name = new.split('=').next().unwrap_or(new);
            let Some(at) = self.args.iter().position(|arg| arg == new) else {
                continue;
            };
            if flags.iter().any(|flag| flag == name) {
                continue;
            }
            self.args.remove(at);
            match old {
                Args(more) => self.args.extend(more.iter().map(ToString::to_string)),
                Feature(more) => self.features = format!("{},{more}", self.features),
                _ => unreachable!("a flag is replaced by flags or features"),
            }
        }
        self
    }
}

/// The flag that a line of rustc's help explains, as `-Zfunction-return`.
fn flag(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    let kind = words.next().filter(|kind| ["-C", "-Z"].contains(kind))?;
    Some(format!("{kind}{}", words.next()?.split('=').next()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::building::kdir::Config;

    #[test]
    fn an_older_rustc_is_told_in_its_own_words() {
        let config: Config = ["RETPOLINE", "X86_KERNEL_IBT"]
            .map(|name| (name.to_owned(), "y".to_owned()))
            .into();
        let profile = || Profile::new(&config, &[]).unwrap();
        let has = |profile: &Profile, arg: &str| profile.args.iter().any(|have| have == arg);
        let new = profile().spelled_for(
            "    -C                 jump-tables=val -- allow\n    -Z  retpoline-external-thunk=val -- enables\n",
        );
        assert_eq!(new, profile());
        let old = new.spelled_for("    -Z               no-jump-tables=val -- disable\n");
        assert!(has(&old, "-Zno-jump-tables") && !has(&old, "-Cjump-tables=n"));
        assert!(!has(&old, "-Zretpoline-external-thunk") && has(&old, "-Zcf-protection=branch"));
        assert!(old.features.contains(",+retpoline-external-thunk,"));
    }
}
