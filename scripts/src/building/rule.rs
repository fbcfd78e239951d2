// SPDX-License-Identifier: GPL-2.0-only

//! Kbuild's rule for `.o` from `.rs`, with another command: `rule.mk`.

use crate::building::module;
use crate::building::prepared::Prepared;
use crate::dirs;
use anyhow::{Context, Result};
use std::path::Path;

const TEXT: &str = include_str!("rule.mk");

/// The arguments for a kernel's make that let the prepared crates be used for modules beside that kernel.
///
/// A variable of make's command line replaces Kbuild's: what is to be added to is asked for first.
pub fn arguments(prepared: &Prepared<'_>) -> Result<Vec<String>> {
    let crates = prepared.crates.dir.display().to_string();
    let text = text(&dirs::tool()?, module::TOOL, &crates);
    arguments_of(&text, &prepared.cc.fixdep)
}

fn arguments_of(text: &str, fixdep: &str) -> Result<Vec<String>> {
    let text = text.replace("\\\n\t", "");
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let arguments = lines.map(|line| {
        let (name, value) = line.split_once(' ').context("rule.mk: no variable")?;
        match value.split_once("= ").context("rule.mk: no value")? {
            ("+", added) => Ok(format!("{name}={fixdep} {added}")),
            (_, value) => Ok(format!("{name}={value}")),
        }
    });
    arguments.collect()
}

/// The same as a file that Kbuild files include: `id` is the tool's module command, and `crates` where the crates
/// are, as make is to say it.
pub fn included(tool: &Path, id: &str, crates: &str) -> String {
    text(tool, id, crates).replace("\ncmd_rustc_o_rs = ", "\noverride cmd_rustc_o_rs = ")
}

fn text(tool: &Path, id: &str, crates: &str) -> String {
    TEXT.replace("@MODULE@", id)
        .replace("@FERRULE@", &tool.display().to_string())
        .replace("@CRATES@", crates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command;
    use std::process::Command;

    #[test]
    fn make_sees_the_same_rule_either_way() {
        let dir = tempfile::tempdir().unwrap();
        let (tool, crates) = (Path::new("/t/ferrule"), "/c");
        let file = dir.path().join("rule.mk");
        std::fs::write(&file, included(tool, "1", crates)).unwrap();
        // What a rule of Kbuild's would run, with Kbuild's own definitions before it.
        let kbuild = "cmd_rustc_o_rs = rustc\ncmd_and_fixdep = $(cmd); fixdep\ncmd = $(cmd_$(1))\n";
        let show = "\ndot-target = .x\nx.o: x.rs\n\t$(info $(call cmd_and_fixdep,rustc_o_rs))@:\nx.rs: ;\n";
        let run = |text: String, arguments: &[String]| {
            let mut make = Command::new("make");
            make.args(["-rRs", "-f", "/dev/null"]).args(arguments);
            make.arg(format!("--eval={text}")).arg("x.o");
            make.env_remove("MAKEFLAGS").current_dir(dir.path());
            command::output(&mut make).unwrap()
        };
        let arguments = arguments_of(&text(tool, "1", crates), "$(cmd); fixdep").unwrap();
        let beside = run(format!("{kbuild}{show}"), &arguments);
        let inside = run(format!("{kbuild}include {}\n{show}", file.display()), &[]);
        let words = |text: &str| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(words(&beside), words(&inside));
        assert!(
            beside.starts_with("/t/ferrule module --made-by 1 --kernel /c "),
            "{beside}"
        );
        assert!(beside.contains(module::CC_FOLLOWS) && beside.contains("cat .x.symvers >> .x.cmd"));
    }
}
