// SPDX-License-Identifier: GPL-2.0-only

//! Takes a guest's output apart: sections between marks, the kernel's lines, and KTAP.

use crate::report::Verdict;

/// The output of one part of the guest's script, and its status.
pub struct Section<'a> {
    pub status: &'a str,
    /// What its commands said.
    pub said: Vec<&'a str>,
    /// The kernel's log, without time stamps.
    pub log: Vec<&'a str>,
}

impl<'a> Section<'a> {
    /// What the commands said, and then the log.
    pub fn lines(&self) -> Vec<&'a str> {
        [&self.said[..], &self.log[..]].concat()
    }
}

/// Finds the section that the script put between `@@ begin name` and `@@ end name STATUS`.
pub fn section<'a>(log: &'a str, name: &str) -> Result<Section<'a>, String> {
    let begin = format!("@@ begin {name}");
    let end = format!("@@ end {name} ");
    let lines = log
        .lines()
        .map(str::trim_end)
        .skip_while(|line| *line != begin)
        .skip(1);
    let mut found = Vec::new();
    let mut log_begins = None;
    for line in lines {
        if let Some(status) = line.strip_prefix(&end) {
            let log = found.split_off(log_begins.unwrap_or(found.len()));
            return Ok(Section {
                status,
                said: found,
                log,
            });
        }
        match line {
            "@@ log" => log_begins = Some(found.len()),
            _ => found.push(without_time(line)),
        }
    }
    Err(format!(
        "{name} did not come to its end; it left: {found:#?}"
    ))
}

/// `[    1.234567] text` without the time.
fn without_time(line: &str) -> &str {
    match line
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("] "))
    {
        Some((time, text)) if time.trim().parse::<f64>().is_ok() => text,
        _ => line,
    }
}

/// The cases that a test module reported as KTAP, each line behind the module's name.
pub fn ktap<'a>(lines: &[&'a str], module: &str) -> Result<Vec<(&'a str, Verdict)>, String> {
    let prefix = format!("{module}: ");
    // busybox's insmod tries a second time if a module refuses to load: the first report counts.
    let version = |line: &&str| line.starts_with("KTAP version");
    let mut said = lines.iter().filter_map(|line| line.strip_prefix(&prefix));
    let said: Vec<&str> = said
        .by_ref()
        .find(version)
        .into_iter()
        .chain(said.take_while(|line| !version(line)))
        .collect();
    let plan = said
        .iter()
        .find_map(|line| line.strip_prefix("1.."))
        .ok_or(format!("no plan in {lines:#?}"))?;
    let mut cases = Vec::new();
    for line in &said {
        let (passed, rest) = match (line.strip_prefix("ok "), line.strip_prefix("not ok ")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => continue,
        };
        let (number, name) = rest
            .split_once(' ')
            .ok_or(format!("a case without a name: {line}"))?;
        if number != (cases.len() + 1).to_string() {
            return Err(format!(
                "case {} is missing before: {line}",
                cases.len() + 1
            ));
        }
        let name = name
            .split(" # ")
            .next()
            .unwrap_or(name)
            .trim_start_matches("- ");
        cases.push((name, if passed { Ok(()) } else { Err(said.join("\n")) }));
    }
    if cases.is_empty() {
        return Err(format!("no case is reported: {said:#?}"));
    }
    if plan != cases.len().to_string() {
        return Err(format!(
            "{} of {plan} cases reported: {said:#?}",
            cases.len()
        ));
    }
    Ok(cases)
}
