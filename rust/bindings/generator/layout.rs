// SPDX-License-Identifier: GPL-2.0-only

//! The layout proof: what bindgen believes of sizes and offsets, as C that the kernel's own compiler
//! must agree with. A skew between the two compilers is a build error, never a crash.

use std::collections::BTreeMap;
use std::fmt::Write;

/// One assertion of bindgen's layout tests.
#[derive(Debug, PartialEq)]
enum Fact<'a> {
    Size {
        of: &'a str,
        bytes: &'a str,
    },
    Align {
        of: &'a str,
        bytes: &'a str,
    },
    Offset {
        of: &'a str,
        field: &'a str,
        bytes: &'a str,
    },
}

impl<'a> Fact<'a> {
    /// Reads `["Size of T"] [:: core :: mem :: size_of :: < T > () - 8usize] ;` and its like.
    fn parse(text: &'a str) -> Option<Self> {
        let (label, rest) = text.split_once("\"]")?;
        let bytes = rest.rsplit_once("- ")?.1.split_once("usize")?.0;
        if let Some(of) = label.strip_prefix("Size of ") {
            Some(Self::Size { of, bytes })
        } else if let Some(of) = label.strip_prefix("Alignment of ") {
            Some(Self::Align { of, bytes })
        } else {
            let (of, field) = label.strip_prefix("Offset of field: ")?.split_once("::")?;
            Some(Self::Offset { of, field, bytes })
        }
    }

    /// The assertion in C; nothing for types without a name in C: their parent's offsets cover them.
    fn to_c(&self, tags: &BTreeMap<String, String>) -> Option<String> {
        let c = |of: &str| tags.get(of).filter(|c| !c.starts_with("__va_list"));
        match self {
            Self::Size { of, bytes } => Some(format!("CHECK(sizeof({}) == {bytes})", c(of)?)),
            Self::Align { of, bytes } => Some(format!("CHECK(_Alignof({}) == {bytes})", c(of)?)),
            Self::Offset { field, .. }
                if field.starts_with("__bindgen") || field.starts_with("_bindgen") =>
            {
                None
            }
            Self::Offset { of, field, bytes } => {
                let field = field
                    .strip_suffix('_')
                    .filter(|name| KEYWORDS.contains(name))
                    .unwrap_or(field);
                Some(format!(
                    "CHECK(__builtin_offsetof({}, {field}) == {bytes})",
                    c(of)?
                ))
            }
        }
    }
}

/// Field names that bindgen ends with `_`, as they are keywords or types of Rust.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "crate", "dyn", "final", "fn", "gen",
    "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub",
    "ref", "self", "super", "trait", "true", "false", "try", "type", "unsafe", "unsized", "use",
    "virtual", "where", "yield", "bool", "str", "f32", "f64", "i8", "i16", "i32", "i64", "i128",
    "isize", "u8", "u16", "u32", "u64", "u128", "usize",
];

/// Finds the full name in C of each type in `names`: `struct x`, `union x`, or a typedef's plain `x`.
///
/// A typedef of a struct without a tag looks to bindgen like a struct of the typedef's name; only the
/// source tells which it is.
pub(crate) fn c_types(
    names: &BTreeMap<String, String>,
    preprocessed: &str,
) -> BTreeMap<String, String> {
    let mut keyword_of = BTreeMap::new();
    for keyword in ["struct", "union"] {
        for (at, _) in preprocessed.match_indices(keyword) {
            let mut rest = preprocessed[at + keyword.len()..].trim_start();
            while let Some(attribute) = rest.strip_prefix("__attribute__") {
                rest = skip_parens(attribute);
            }
            let end = rest
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len());
            let (tag, mut body) = rest.split_at(end);
            body = body.trim_start();
            while let Some(attribute) = body.strip_prefix("__attribute__") {
                body = skip_parens(attribute);
            }
            if body.starts_with('{') {
                keyword_of.insert(tag, keyword);
            }
        }
    }
    let full = |c: &String| {
        keyword_of
            .get(c.as_str())
            .map_or_else(|| c.clone(), |keyword| format!("{keyword} {c}"))
    };
    names
        .iter()
        .map(|(rust, c)| (rust.clone(), full(c)))
        .collect()
}

/// The text behind the parentheses that `text` starts with.
fn skip_parens(text: &str) -> &str {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 1 => return text[at + 1..].trim_start(),
            ')' => depth -= 1,
            _ => {}
        }
    }
    ""
}

/// Takes the layout tests out of `bindings` and returns what is left, and the tests in C.
pub(crate) fn split(
    bindings: &str,
    header: &str,
    tags: &BTreeMap<String, String>,
) -> (String, String) {
    const TESTS: &str =
        "# [allow (clippy :: unnecessary_operation , clippy :: identity_op)] const _ : () = {";
    let mut proof = format!(
        "// SPDX-License-Identifier: GPL-2.0\n#include \"{header}\"\n\
         #define CHECK(fact) _Static_assert(fact, \"clang, which made the Rust bindings, lays this out differently\");\n"
    );
    let mut rest = bindings;
    let mut left = String::with_capacity(bindings.len());
    while let Some((before, tests)) = rest.split_once(TESTS) {
        left.push_str(before);
        let (tests, after) = tests.split_once("} ;").unwrap_or((tests, ""));
        for fact in tests
            .split("[\"")
            .filter_map(Fact::parse)
            .filter_map(|fact| fact.to_c(tags))
        {
            writeln!(proof, "{fact}").expect("writing to a String");
        }
        rest = after;
    }
    left.push_str(rest);
    // bindgen writes one line; rustc's messages quote whole lines.
    (
        left.replace("; pub ", ";\npub ")
            .replace("}  #", "}\n#")
            .replace("} #", "}\n#")
            .replace("}  pub", "}\npub"),
        proof,
    )
}
