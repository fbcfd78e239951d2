// SPDX-License-Identifier: GPL-2.0-only

//! Makes a test module of the examples in the `kernel` crate's docs.
//!
//! rustdoc finds the examples (`--output-format=doctest`); the module runs them in a kernel, each as one
//! case. `tests/kernel/doctest.rs` has what the generated file calls.

use anyhow::{ensure, Context, Result};
use serde::Deserialize;
use std::fmt::Write;

/// What rustdoc prints.
#[derive(Deserialize)]
struct Listing {
    format_version: u32,
    doctests: Vec<Example>,
}

/// An example, and what its author says of it.
#[derive(Deserialize)]
pub struct Example {
    /// `FILE - PATH (line N)`.
    name: String,
    file: String,
    /// The line before its first one.
    line: u32,
    doctest_attributes: Attributes,
    /// The code with its hidden lines, each in its place.
    original_code: String,
    doctest_code: Option<Code>,
}

#[derive(Deserialize)]
struct Attributes {
    /// `None`, `All` or, for some targets, `{"Some": [...]}`.
    ignore: serde_json::Value,
    no_run: bool,
    should_panic: bool,
    compile_fail: bool,
    error_codes: Vec<String>,
}

#[derive(Deserialize)]
struct Code {
    wrapper: Option<Wrapper>,
}

#[derive(Deserialize)]
struct Wrapper {
    returns_result: bool,
}

/// What to do with an example.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub enum Task {
    Ignore,
    /// It must not compile.
    Refuse,
    /// It must compile. What should panic is not run: a panic ends the kernel, or a task of it.
    Compile,
    Run,
}

/// Reads what rustdoc printed.
///
/// # Errors
///
/// If it is not of the form that is known here.
pub fn read(json: &str) -> Result<Vec<Example>> {
    let listing: Listing = serde_json::from_str(json)
        .context("rustdoc does not list examples as expected; rustc 1.90 or newer is needed")?;
    ensure!(
        listing.format_version == 2,
        "rustdoc lists examples in form {}, not 2",
        listing.format_version
    );
    Ok(listing.doctests)
}

impl Example {
    pub fn task(&self) -> Task {
        let attributes = &self.doctest_attributes;
        if attributes.ignore != "None" {
            Task::Ignore
        } else if attributes.compile_fail {
            Task::Refuse
        } else if attributes.no_run || attributes.should_panic {
            Task::Compile
        } else {
            Task::Run
        }
    }

    /// The item that it belongs to, and its line.
    pub fn name(&self) -> &str {
        self.name
            .split_once(" - ")
            .map_or(&self.name, |(_, name)| name)
    }

    /// The errors that the compiler must report if it must not compile.
    pub fn error_codes(&self) -> &[String] {
        &self.doctest_attributes.error_codes
    }

    /// A function of that name which runs the example; its first line is `line` of a file.
    fn function(&self, name: &str, line: usize) -> Result<String> {
        let wrapper = self
            .doctest_code
            .as_ref()
            .and_then(|code| code.wrapper.as_ref());
        let (before, after) = match wrapper {
            Some(wrapper) if wrapper.returns_result => (
                "fn inner() -> core::result::Result<(), impl core::fmt::Debug> {",
                "} if let Err(error) = inner() { doctest::fail(line!(), format_args!(\"returns {error:?}\")) }",
            ),
            Some(_) => ("{", "}"),
            None => ("", "main();"),
        };
        let head = format!("// {}:{}\n#[inline(never)]\nfn {name}() -> ktap::Outcome {{\nuse kernel::prelude::*;\n{before}\n",
            self.file, self.line);
        let first = i64::try_from(line + head.lines().count())?;
        let offset = i64::from(self.line) + 1 - first;
        Ok(format!(
            "{head}{}\n{after}\ndoctest::outcome({:?}, {offset})\n}}\n",
            self.original_code, self.file
        ))
    }

    /// The file of a module that has the example alone, and reaches it.
    pub fn alone(&self) -> Result<String> {
        module(std::slice::from_ref(self), |_| true)
    }
}

/// What comes before the examples; rustdoc allows what is unused in them as well.
const HEAD: &str = r#"//! The examples in the `kernel` crate's docs.
#![allow(unused, missing_docs, unreachable_pub)]
#[macro_use]
mod ktap;
#[macro_use]
mod doctest;
use kernel::prelude::*;
ktap_module! { name: "test_doc", description: "Runs the examples of the docs", named_cases: CASES }
"#;

/// The file of the module that compiles and runs the examples for which `chosen` holds.
fn module(examples: &[Example], chosen: impl Fn(Task) -> bool) -> Result<String> {
    let mut text = HEAD.to_owned();
    let mut cases = String::new();
    for (index, example) in examples
        .iter()
        .enumerate()
        .filter(|(_, e)| chosen(e.task()))
    {
        let name = format!("example_{index}");
        let line = text.lines().count() + 1;
        text.push_str(&example.function(&name, line)?);
        // What nothing reaches is not instantiated, which is where some errors come from.
        if example.task() != Task::Compile {
            writeln!(cases, "    ({:?}, {name}),", example.name())?;
        }
    }
    write!(
        text,
        "const CASES: &[ktap::Case] = &[\n    (\"failures_are_noticed\", doctest::failures_are_noticed),\n{cases}];\n"
    )?;
    Ok(text)
}

/// The file of the test module `test_doc`.
///
/// # Errors
///
/// None for what rustdoc lists.
pub fn test_module(examples: &[Example]) -> Result<String> {
    module(examples, |task| matches!(task, Task::Run | Task::Compile))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(code: &str, wrapper: &str) -> Example {
        let json = format!(
            r#"{{"format_version": 2, "doctests": [{{
                "name": "rust/kernel/a.rs - a::B (line 10)", "file": "rust/kernel/a.rs", "line": 10,
                "doctest_attributes": {{"ignore": "None", "no_run": false, "should_panic": false,
                    "compile_fail": false, "error_codes": []}},
                "original_code": {code:?}, "doctest_code": {{"wrapper": {wrapper}}}}}]}}"#
        );
        read(&json).unwrap().pop().unwrap()
    }

    const PLAIN: &str = r#"{"returns_result": false}"#;

    #[test]
    fn lines_lead_back_to_the_docs() {
        let example = example("let a = 1;\nassert_eq!(a, 2);", PLAIN);
        let text = test_module(&[example]).unwrap();
        let generated = text
            .lines()
            .position(|line| line.starts_with("assert_eq!"))
            .unwrap()
            + 1;
        let (_, rest) = text
            .split_once("doctest::outcome(\"rust/kernel/a.rs\", ")
            .unwrap();
        let offset: i64 = rest.split_once(')').unwrap().0.parse().unwrap();
        assert_eq!(generated as i64 + offset, 12);
        assert!(text.contains("(\"a::B (line 10)\", example_0),"));
    }

    #[test]
    fn wrappers() {
        let result = example("Ok::<(), Error>(())", r#"{"returns_result": true}"#);
        assert!(test_module(&[result])
            .unwrap()
            .contains("Err(error) = inner()"));
        let main = example("fn main() {}", "null");
        assert!(test_module(&[main])
            .unwrap()
            .contains("fn main() {}\nmain();"));
    }

    #[test]
    fn attributes() {
        let task = |attributes: &str| {
            let mut example = example("1;", PLAIN);
            example.doctest_attributes = serde_json::from_str(attributes).unwrap();
            (example.task(), test_module(&[example]).unwrap())
        };
        let with = |key: &str, value: &str| {
            let mut json = serde_json::json!({"ignore": "None", "no_run": false, "should_panic": false,
                "compile_fail": false, "error_codes": []});
            json[key] = serde_json::from_str(value).unwrap();
            json.to_string()
        };
        let (ignored, text) = task(&with("ignore", "\"All\""));
        assert_eq!(ignored, Task::Ignore);
        assert!(!text.contains("example_0"));
        for key in ["no_run", "should_panic"] {
            let (compiled, text) = task(&with(key, "true"));
            assert_eq!(compiled, Task::Compile);
            assert!(text.contains("fn example_0()") && !text.contains(", example_0)"));
        }
        let (refused, text) = task(&with("compile_fail", "true"));
        assert_eq!(refused, Task::Refuse);
        assert!(!text.contains("example_0"));
        let mut example = example("1;", PLAIN);
        example.doctest_attributes.compile_fail = true;
        assert!(example.alone().unwrap().contains(", example_0),"));
    }

    #[test]
    fn another_form_is_refused() {
        let error = read(r#"{"format_version": 3, "doctests": []}"#)
            .err()
            .unwrap();
        assert!(error.to_string().contains("form 3, not 2"));
        assert!(read("").is_err());
    }
}
