// SPDX-License-Identifier: GPL-2.0-only

//! Parameters are what C's are: a C and a Rust module get the same strings, when loaded and through
//! sysfs, and must do the same with each: errno, what can be read back, and the log.

use crate::boot;
use crate::built::Built;
use crate::parts::Parts;
use crate::report::{Report, Verdict};
use crate::script::Script;
use crate::{debug, log, programs};
use anyhow::Result;
use ferrule::vm::Guest;

mod cases;

/// The pairs of modules, and the one that has no twin.
const TWINS: &[&str] = &["params", "params_cb"];
const ALONE: &str = "reentry";

/// What `reentry` must answer: the case, and what its output must have.
const REENTRY: &[(&str, &[&str])] = &[
    (
        "load",
        &[
            "load -> 0",
            "second guard: Some(EDEADLK)",
            "again: true",
            "locks=refused: true",
        ],
    ),
    ("load text=a text=b", &["load -> 0", "text=b"]),
    ("load keep=1", &["load -> 0", "kept first"]),
    // Once lent, the string stays; what came before that is the last word.
    ("load text=a keep=1", &["load -> 0", "kept a", "text=a"]),
    ("load text=a keep=1 text=b", &["load -> 16", "kept a"]),
    ("load copy=1 size=7", &["load -> 0", "copied 1", "size=7"]),
    // An interrupt may come while the task writes.
    (
        "load size=7 interrupt=1",
        &["load -> 0", "copied 7 in a task, 1 in an interrupt"],
    ),
    (
        "load owned=good owned=better",
        &["load -> 0", "owned: better"],
    ),
    ("load owned=bad", &["load -> 1"]),
    ("load once=1 once=1", &["load -> 0", "once=Y"]),
    ("load once=1 once=0", &["load -> 30"]),
    // More than a page: what does not fit is left out, at an element's end.
    (
        "load many=*400",
        &["load -> 0", "18446744073709551615\\x0a"],
    ),
    (
        "write locks 1",
        &["-> 0", "not locked twice: EDEADLK", "locks=refused: true"],
    ),
    ("write owned other", &["-> 0", "owned=other"]),
    ("write owned bad", &["-> 1", "owned=other"]),
    ("write owned last", &["-> 0", "owned=last"]),
    // A reader gets the errno of `get`.
    ("load odd=4", &["load -> 0", "odd: read 33"]),
    ("load odd=5", &["load -> 0", "odd=odd 5\\x0a"]),
    ("write odd 6", &["-> 0", "odd: read 33"]),
    ("write odd 7", &["-> 0", "odd=odd 7\\x0a"]),
];

const PARTS: Parts = Parts(include_str!("parts/params.sh"));

/// Boots a kernel, replays all cases, and checks the log.
pub fn run(built: &Built, report: &mut Report) -> Result<()> {
    let text = boot::boot(report, &guest(built)?)?;
    debug::check(&built.kernel, "params", &text, &[], report);
    for name in TWINS {
        report.add(format!("{name}_do_as_in_c"), twins(&text, name));
    }
    report.add("params_reentry", reentry(&text));
    report.add("params_are_read_as_they_were_written", race(&text));
    Ok(())
}

fn guest(built: &Built) -> Result<Guest> {
    let kernel = &built.kernel;
    let mut files = vec![(programs::path("replay")?, "/replay".to_owned())];
    let mut add_cases = |name: &str, cases: String| -> Result<()> {
        let path = built.dir(format!("{name}.cases"));
        std::fs::write(&path, cases)?;
        files.push((path, format!("/{name}.cases")));
        Ok(())
    };
    for name in TWINS {
        add_cases(name, cases::of(name).join("\n") + "\n")?;
    }
    let lines: Vec<String> = REENTRY
        .iter()
        .map(|(case, _)| cases::encode_words(case))
        .collect();
    add_cases(ALONE, lines.join("\n") + "\n")?;
    for (language, names) in [("c", TWINS), ("rust", &[TWINS, &[ALONE]].concat())] {
        for name in names {
            let module = built.dir(format!("tests/params/{language}/{name}.ko"));
            files.push((module, format!("/{language}/{name}.ko")));
        }
    }

    let mut script = Script::of("", PARTS);
    script.parts(PARTS.names());
    Ok(Guest {
        kernel: kernel.vmlinuz.clone(),
        files,
        script: script.end(kernel),
        append: debug::append(kernel, ""),
        timeout: debug::limit(kernel, 300),
        ..Guest::default()
    })
}

/// Both modules went through all cases, not all of which were refused, without a difference.
fn twins(text: &str, name: &str) -> Verdict {
    let loads = cases::of(name)
        .iter()
        .filter(|case| case.starts_with("load"))
        .count();
    if name == TWINS[0] && loads < 300 {
        return Err(format!("only {loads} cases of a load"));
    }
    let section = log::section(text, name)?;
    let count = cases::of(name).len();
    let prefix = format!("replayed {count} cases, ");
    let good: Vec<usize> = section
        .said
        .iter()
        .filter_map(|line| {
            line.strip_prefix(&prefix)?
                .strip_suffix(" good")?
                .parse()
                .ok()
        })
        .collect();
    match good[..] {
        [c, rust] if section.status == "0" && c == rust && c > count / 5 && c < count => Ok(()),
        _ => Err(format!("status {}: {:#?}", section.status, section.said)),
    }
}

fn race(text: &str) -> Verdict {
    let section = log::section(text, "race")?;
    match (section.status, &section.said[..]) {
        ("0", ["both were read", "both were read"]) => Ok(()),
        (status, lines) => Err(format!("status {status}: {lines:#?}")),
    }
}

fn reentry(text: &str) -> Verdict {
    let section = log::section(text, ALONE)?;
    for (number, (case, wanted)) in REENTRY.iter().enumerate() {
        let begin = format!("{number} ");
        let answer: Vec<&str> = section
            .said
            .iter()
            .copied()
            .skip_while(|line| !line.starts_with(&begin))
            .enumerate()
            .take_while(|(at, line)| *at == 0 || line.starts_with("  "))
            .map(|(_, line)| line)
            .collect();
        for wanted in *wanted {
            if !answer.iter().any(|line| line.contains(wanted)) {
                return Err(format!("{case}: no `{wanted}` in {answer:#?}"));
            }
        }
    }
    match section.status {
        "0" => Ok(()),
        status => Err(format!("status {status}: {:#?}", section.said)),
    }
}
